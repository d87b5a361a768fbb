import { type DynamicModule, Module, type Provider } from '@nestjs/common';
import type { JetStreamClient } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { join } from 'node:path';
import { Agent, type Dispatcher } from 'undici';
import { readSecretsKeys } from '#config/secrets-key.js';
import { JETSTREAM, JetStreamModule, NATS_CONNECTION } from '#jetstream/jetstream.module.js';
import { AddressRanges } from '#policy/address-ranges.js';
import type { JsonLogger } from '#telemetry/log.js';
import { askLedgerOver } from './admit/ask-ledger.js';
import { AttemptMoney } from './admit/attempt-money.js';
import { BrokerClock } from './admit/broker-clock.js';
import { LeaseKeeper } from './admit/lease-keeper.js';
import { RateKeeper } from './admit/rate-keeper.js';
import { sharedRatesOver } from './admit/shared-rates.js';
import { Attempts } from './attempts.js';
import { KeyDirectory } from './authenticate/key-directory.js';
import { BATCH_LEASE_MS, BatchMoney } from './batches/batch-money.js';
import { BatchStore } from './batches/batch-store.js';
import { BatchUpstream } from './batches/batch-upstream.js';
import { BatchWatcher } from './batches/batch-watcher.js';
import { ServeBatches } from './batches/serve-batches.js';
import { ChannelTable } from './channels/channel-table.js';
import { type ChannelsFile, loadChannels } from './channels/load-channels.js';
import { Estimator } from './estimate/estimator.js';
import { AttemptsInFlight } from './forward/attempts-in-flight.js';
import { Journal } from './journal/journal.js';
import { publishUsageOver } from './publish/publish-usage.js';
import { Publisher } from './publish/publisher.js';
import { BodyMemory } from './receive/body-memory.js';
import { MIB, type RelayConfig } from './relay.config.js';
import { RelayRequest } from './relay-request.js';
import { Front } from './server/front.js';
import { HealthChecks } from './route/health-checks.js';
import { Router } from './route/router.js';
import { Vitals } from './route/vitals.js';
import { CurrentPrices } from './snapshots/current-prices.js';
import { earlierPriceBook, loadPriceBook } from './snapshots/load-price-book.js';
import { KeptChannels } from './snapshots/kept-channels.js';
import { Snapshots } from './snapshots/snapshots.js';

const UPSTREAM = Symbol('UPSTREAM');
const CHANNELS_FILE = Symbol('CHANNELS_FILE');

const upstreamLimits: Agent.Options = {
  /** To one upstream. A request beyond it waits for a connection, and the upstream is not flooded. */
  connections: 10_000,
  // Models may think for minutes before the first byte and between two: the official SDKs wait ten. Both are the same,
  // because undici renews its timer at every change from one to the other.
  headersTimeout: 600_000,
  bodyTimeout: 600_000,
};

@Module({})
export class RelayModule {
  static forConfig(config: RelayConfig, log: JsonLogger): DynamicModule {
    return {
      module: RelayModule,
      imports: [
        JetStreamModule.forRoot({ servers: config.NATS_URL, name: 'relay', replicas: config.TOLLGATE_NATS_REPLICAS }),
      ],
      providers: [
        ...snapshotProviders(config, log),
        ...moneyProviders(config, log),
        ...attemptProviders(config, log),
        ...batchProviders(config, log),
        {
          provide: Front,
          inject: [RelayRequest, ServeBatches, ChannelTable, Snapshots, Journal],
          useFactory: (...[requests, batches, channels, snapshots, journal]: FrontParts) =>
            new Front({ requests, batches, channels, snapshots, journal }),
        },
      ],
    };
  }
}

function snapshotProviders(config: RelayConfig, log: JsonLogger): Provider[] {
  const warn = (sentence: string) => log.warn(sentence);
  return [
    { provide: KeyDirectory, useFactory: () => new KeyDirectory(config.TOLLGATE_KEY_PEPPER, warn) },
    {
      provide: CurrentPrices,
      inject: [NATS_CONNECTION],
      useFactory: (connection: NatsConnection) =>
        new CurrentPrices({
          load: (version) => loadPriceBook(connection, version),
          complain: (sentence, error) => log.warn(sentence, error),
        }),
    },
    {
      provide: Snapshots,
      inject: [NATS_CONNECTION, KeyDirectory, CurrentPrices, ChannelTable],
      useFactory: (
        ...[connection, directory, prices, table]: [NatsConnection, KeyDirectory, CurrentPrices, ChannelTable]
      ) => {
        const complain = (sentence: string, error?: unknown) => log.warn(sentence, error);
        const channels = new KeptChannels({ table, keys: readSecretsKeys(config), complain });
        return new Snapshots(connection, { directory, prices, channels }, complain);
      },
    },
    ...channelProviders(config, log),
  ];
}

function channelProviders(config: RelayConfig, log: JsonLogger): Provider[] {
  return [
    {
      provide: CHANNELS_FILE,
      useFactory: () => loadChannels(config.TOLLGATE_CHANNELS_FILE, (sentence, error) => log.warn(sentence, error)),
    },
    { provide: ChannelTable, inject: [CHANNELS_FILE], useFactory: ({ table }: ChannelsFile) => table },
    Vitals,
    {
      provide: Router,
      inject: [CHANNELS_FILE, CurrentPrices, Vitals],
      useFactory: ({ table, routes }: ChannelsFile, prices: CurrentPrices, vitals: Vitals) =>
        new Router(routes, {
          candidates: ({ api, converts }, model) => table.candidates(api, model, converts === true),
          prices: () => prices.book,
          vitals,
          random: Math.random,
        }),
    },
    {
      provide: HealthChecks,
      inject: [ChannelTable, Vitals],
      useFactory: (table: ChannelTable, vitals: Vitals) =>
        new HealthChecks({ table, vitals, random: Math.random, tell: (sentence) => log.warn(sentence) }),
    },
  ];
}

function moneyProviders(config: RelayConfig, log: JsonLogger): Provider[] {
  return [
    {
      provide: BrokerClock,
      inject: [NATS_CONNECTION],
      useFactory: (connection: NatsConnection) => new BrokerClock(connection, config.TOLLGATE_RELAY_ID),
    },
    {
      provide: RateKeeper,
      inject: [NATS_CONNECTION, BrokerClock],
      useFactory: (connection: NatsConnection, clock: BrokerClock) =>
        new RateKeeper(config.TOLLGATE_RELAY_ID, sharedRatesOver(connection, clock), (sentence, error) =>
          log.warn(sentence, error),
        ),
    },
    {
      provide: LeaseKeeper,
      inject: [NATS_CONNECTION],
      useFactory: (connection: NatsConnection) =>
        new LeaseKeeper(askLedgerOver(connection, config.TOLLGATE_RELAY_ID), (sentence, error) =>
          log.warn(sentence, error),
        ),
    },
    {
      provide: AttemptMoney,
      inject: [LeaseKeeper, CurrentPrices],
      useFactory: (leases: LeaseKeeper, prices: CurrentPrices) => new AttemptMoney(leases, prices),
    },
  ];
}

function attemptProviders(config: RelayConfig, log: JsonLogger): Provider[] {
  return [
    AttemptsInFlight,
    { provide: BodyMemory, useFactory: () => new BodyMemory(config.TOLLGATE_BODY_MEMORY_MIB * MIB) },
    { provide: UPSTREAM, useFactory: () => new Agent(upstreamLimits) },
    {
      provide: Journal,
      useFactory: () =>
        Journal.open(join(config.TOLLGATE_JOURNAL_DIR, config.TOLLGATE_RELAY_ID), (sentence) => log.error(sentence)),
    },
    {
      provide: Publisher,
      inject: [JETSTREAM, Journal],
      useFactory: (jetstream: JetStreamClient, journal: Journal) =>
        new Publisher({
          publish: publishUsageOver(jetstream),
          published: (ids) => journal.published(ids),
          complain: (sentence, error) => log.warn(sentence, error),
        }),
    },
    {
      provide: Attempts,
      inject: [Journal, Publisher, UPSTREAM, AttemptsInFlight, AttemptMoney],
      useFactory: (...[journal, publisher, upstream, inFlight, money]: AttemptParts) => {
        const parts = { journal, publisher, upstream, inFlight, money, log };
        return new Attempts({ ...parts, relayId: config.TOLLGATE_RELAY_ID, estimator: new Estimator() });
      },
    },
    {
      provide: RelayRequest,
      inject: [
        Snapshots,
        KeyDirectory,
        CurrentPrices,
        ChannelTable,
        Router,
        Journal,
        RateKeeper,
        BodyMemory,
        Attempts,
        AttemptsInFlight,
      ],
      useFactory: (
        ...[snapshots, directory, prices, channels, router, journal, rates, bodies, attempts, inFlight]: Rooms
      ) =>
        new RelayRequest({
          ...{ snapshots, directory, prices, channels, router, journal, rates, bodies, attempts, inFlight, log },
          trustedProxies: new AddressRanges(config.TOLLGATE_TRUSTED_PROXIES),
        }),
    },
  ];
}

function batchProviders(config: RelayConfig, log: JsonLogger): Provider[] {
  return [
    {
      provide: BatchStore,
      inject: [NATS_CONNECTION],
      useFactory: (connection: NatsConnection) => new BatchStore(connection),
    },
    {
      provide: BatchMoney,
      inject: [NATS_CONNECTION, BrokerClock],
      useFactory: (connection: NatsConnection, clock: BrokerClock) =>
        new BatchMoney(askLedgerOver(connection, config.TOLLGATE_RELAY_ID, BATCH_LEASE_MS), clock, (sentence, error) =>
          log.warn(sentence, error),
        ),
    },
    {
      provide: BatchUpstream,
      inject: [ChannelTable, UPSTREAM],
      useFactory: (channels: ChannelTable, upstream: Dispatcher) =>
        new BatchUpstream(channels, upstream, (sentence) => log.warn(sentence)),
    },
    {
      provide: BatchWatcher,
      inject: [BatchStore, BatchUpstream, BatchMoney, BrokerClock, JETSTREAM, NATS_CONNECTION],
      useFactory: (...[store, upstream, money, clock, jetstream, connection]: WatcherParts) => {
        const complain = (sentence: string, error: unknown) => log.warn(sentence, error);
        const priceBook = (version: string) => earlierPriceBook(connection, version);
        const ports = { store, upstream, money, clock, priceBook, publish: publishUsageOver(jetstream), complain };
        return new BatchWatcher(ports, config.TOLLGATE_BATCH_INTERVAL_MS);
      },
    },
    {
      provide: ServeBatches,
      inject: [
        BatchStore,
        BatchUpstream,
        CurrentPrices,
        BatchMoney,
        BrokerClock,
        RateKeeper,
        BodyMemory,
        AttemptsInFlight,
        RelayRequest,
      ],
      useFactory: (...[store, upstream, prices, money, clock, rates, bodies, inFlight, requests]: BatchParts) =>
        new ServeBatches({
          ...{ store, upstream, prices, money, clock, rates, bodies, inFlight, log },
          authorise: (operation, request) => requests.authorise(operation, request),
          trustedProxies: new AddressRanges(config.TOLLGATE_TRUSTED_PROXIES),
        }),
    },
  ];
}

type FrontParts = [RelayRequest, ServeBatches, ChannelTable, Snapshots, Journal];
type WatcherParts = [BatchStore, BatchUpstream, BatchMoney, BrokerClock, JetStreamClient, NatsConnection];
type BatchParts = [
  BatchStore,
  BatchUpstream,
  CurrentPrices,
  BatchMoney,
  BrokerClock,
  RateKeeper,
  BodyMemory,
  AttemptsInFlight,
  RelayRequest,
];
type AttemptParts = [Journal, Publisher, Dispatcher, AttemptsInFlight, AttemptMoney];
type Rooms = [
  Snapshots,
  KeyDirectory,
  CurrentPrices,
  ChannelTable,
  Router,
  Journal,
  RateKeeper,
  BodyMemory,
  Attempts,
  AttemptsInFlight,
];
