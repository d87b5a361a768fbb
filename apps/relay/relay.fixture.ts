import { jetstreamManager } from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/transport-node';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseConfig } from '#config/config.js';
import { hashKey } from '#config/key-hash.js';
import { directoryEntryName, type DirectoryKey } from '#contracts/directory.js';
import { currentPricesEntry } from '#contracts/price-book.js';
import { buckets, streams } from '#contracts/streams.js';
import { usageEvent, type UsageEvent } from '#contracts/usage-event.js';
import { connectNats } from '#jetstream/connect.js';
import { ensureTopology } from '#jetstream/topology.js';
import { testNats, type TestNats } from '#testing/nats.js';
import { GrantingLedger } from './admit/granting-ledger.fixture.js';
import { relayConfig, type RelayConfig } from './relay.config.js';

export const PEPPER = 'a pepper of the tests, long enough for anyone';
export const KEY = 'tg-a-key-of-the-tests';
export const CALLER = { keyId: 'key_1', orgId: 'org_1', teamId: 'team_1', projectId: 'proj_1' } as const;
const PRICE_VERSION = '2026-07-01-0123abcd';

/** The provider's key of channel ch_openai. It comes from the environment, as in life. */
export const UPSTREAM_KEY = { name: 'TOLLGATE_TEST_UPSTREAM_KEY', value: 'sk-of-the-upstream' } as const;
// eslint-disable-next-line no-restricted-properties -- a relay in this process reads it there
process.env[UPSTREAM_KEY.name] = UPSTREAM_KEY.value;

/** An HTTP upstream that answers as the test at hand says, and keeps what it was sent. */
export interface TestUpstream {
  readonly url: string;
  answer: (request: IncomingMessage, response: ServerResponse, body: string) => unknown;
  readonly received: { readonly request: IncomingMessage; readonly body: string }[];
  stop(): Promise<void>;
}

export async function testUpstream(port = 0): Promise<TestUpstream> {
  const server = createServer((request, response) => {
    void (async () => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const body = Buffer.concat(chunks).toString();
      upstream.received.push({ request, body });
      await upstream.answer(request, response, body);
    })();
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const upstream: TestUpstream = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    answer: (_request, response) => response.end(),
    received: [],
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return upstream;
}

/** All that a relay needs around it: a NATS with keys and prices, an upstream, a channels file and a journal. */
export class RelayHouse {
  readonly ledger: GrantingLedger;

  private constructor(
    readonly nats: TestNats,
    readonly connection: NatsConnection,
    readonly upstream: TestUpstream,
    readonly folder: string,
  ) {
    this.ledger = new GrantingLedger(connection, '1000000');
  }

  static async build(): Promise<RelayHouse> {
    const nats = await testNats();
    const connection = await connectNats({ servers: nats.url, name: 'test' });
    await ensureTopology(connection);
    const folder = mkdtempSync(join(tmpdir(), 'tollgate-relay-'));
    const house = new RelayHouse(nats, connection, await testUpstream(), folder);
    house.#writeChannels();
    await house.putKey(KEY, { ...CALLER, status: 'active' });
    const prices = await new Kvm(connection).open(buckets.prices);
    await prices.put(currentPricesEntry, JSON.stringify({ version: PRICE_VERSION }));
    return house;
  }

  get environment(): Record<string, string> {
    return {
      NATS_URL: this.nats.url,
      TOLLGATE_KEY_PEPPER: PEPPER,
      TOLLGATE_CHANNELS_FILE: join(this.folder, 'channels.json'),
      TOLLGATE_JOURNAL_DIR: join(this.folder, 'journal'),
      TOLLGATE_LOG_LEVEL: 'error',
      PORT: '0',
    };
  }

  get config(): RelayConfig {
    return parseConfig(relayConfig, this.environment);
  }

  async putKey(key: string, entry: DirectoryKey): Promise<void> {
    const directory = await new Kvm(this.connection).open(buckets.directory);
    await directory.put(directoryEntryName(hashKey(key, PEPPER)), JSON.stringify(entry));
  }

  /** Every usage event on the log, each checked against its schema. */
  async events(): Promise<UsageEvent[]> {
    const manager = await jetstreamManager(this.connection);
    const { state } = await manager.streams.info(streams.usage.name);
    const stored = await Promise.all(
      Array.from({ length: state.messages }, (_, i) =>
        manager.streams.getMessage(streams.usage.name, { seq: state.first_seq + i }),
      ),
    );
    return stored.flatMap((message) => usageEvent.array().parse(message?.json()));
  }

  /** Waits until the log holds events of this request. */
  async eventsOf(requestId: string | null): Promise<UsageEvent[]> {
    const deadline = Date.now() + 15_000;
    while (Date.now() < deadline) {
      // A test may have stopped the broker: until it is back there is nothing to read.
      const events = await this.events().catch(() => []);
      const ofRequest = events.filter(({ data }) => data.requestId === requestId);
      if (ofRequest.length > 0) return ofRequest;
      await delay(50);
    }
    throw new Error(`No usage event of request ${requestId} reached the log within 15 s.`);
  }

  async tearDown(): Promise<void> {
    await this.connection.close();
    await this.upstream.stop();
    await this.nats.stop();
    rmSync(this.folder, { recursive: true });
  }

  #writeChannels(): void {
    const channel = {
      provider: 'openai',
      protocol: 'openai-chat',
      baseUrl: `${this.upstream.url}/v1`,
      models: ['gpt-4o'],
    };
    const channels = [
      { ...channel, id: 'ch_openai', apiKeyEnv: UPSTREAM_KEY.name },
      {
        id: 'ch_claude',
        provider: 'anthropic',
        protocol: 'anthropic-messages',
        baseUrl: this.upstream.url,
        models: ['claude-sonnet-5'],
      },
      { ...channel, id: 'ch_nowhere', baseUrl: 'http://127.0.0.1:9', models: ['nowhere'] },
    ];
    writeFileSync(join(this.folder, 'channels.json'), JSON.stringify({ channels }));
  }
}
