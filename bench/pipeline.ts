import { createHash } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/transport-node';
import { uuidv7 } from 'uuidv7';
import { generateTrace } from '#apps/standalone/demo/generate-trace.js';
import { createDemoOrganisation } from '#apps/standalone/demo/demo-organisation.js';
import { planRequest, type PlannedRequest } from '#apps/standalone/demo/plan-request.js';
import { settle } from '#apps/standalone/demo/settle.js';
import { attachOrStart } from '#apps/standalone/instance.js';
import type { InstanceOptions } from '#apps/standalone/start-instance.js';
import { dataHash } from '#contracts/cloud-event.js';
import { currentPrices, currentPricesEntry } from '#contracts/price-book.js';
import { buckets, streams, usageSubject } from '#contracts/streams.js';
import type { UsageEvent, UsageEventData } from '#contracts/usage-event.js';
import { connectNats } from '#jetstream/connect.js';
import { publishEvents } from '#jetstream/publish.js';
import type { Figure, Note } from './benchmark.js';

const defaultEvents = 50_000;

/** The readers of the log in the order of the pipeline: when one is done, all its work is on the log of the next. */
const readers = [
  { stream: streams.usage.name, consumer: 'pricing' },
  { stream: streams.usage.name, consumer: 'metering-usage' },
  { stream: streams.charges.name, consumer: 'ledger' },
  { stream: streams.charges.name, consumer: 'metering-charges' },
] as const;

/**
 * USAGE → rated → booked → in ClickHouse, for events put straight on the log: without the relay, which is measured by
 * itself. The reconciliation that follows gives the billing error of the very same events.
 */
export async function benchPipeline(
  note: Note,
  events = defaultEvents,
  options: InstanceOptions = {},
): Promise<Figure[]> {
  const instance = await attachOrStart({ ...options, report: note });
  const nats = await connectNats({ servers: instance.natsUrl, name: 'bench-pipeline' });
  try {
    const control = { url: instance.controlUrl, token: instance.adminToken };
    const organisation = await createDemoOrganisation(control, `bench-${Date.now().toString(36)}`);
    const version = await readPriceVersion(nats);
    const usage = generateTrace(events).map((row, index) =>
      usageEventOf(organisation.id, planRequest(index, row), version),
    );
    note(`Publishing ${events} usage events of ${organisation.id}.`);
    const startedMs = performance.now();
    const secondsSince = () => (performance.now() - startedMs) / 1000;
    await publishEvents(jetstream(nats), usageSubject(organisation.id), usage);
    const publishSeconds = secondsSince();
    await awaitReaders(nats, (consumer) => note(`${consumer} is done after ${secondsSince().toFixed(1)} s.`));
    const pipelineSeconds = secondsSince();
    const { counts, grossErrorPpm } = await settle(control, {
      organisationId: organisation.id,
      events,
      orMore: false,
    });
    return [
      { name: 'published', value: events / publishSeconds, unit: 'events/s' },
      { name: 'pipeline', value: events / pipelineSeconds, unit: 'events/s', target: { atLeast: 10_000 } },
      { name: 'published, then all reconciled', value: events / secondsSince(), unit: 'events/s' },
      { name: 'not charged', value: events - counts.charged, unit: 'events', target: { atMost: 0 } },
      { name: 'gross error', value: grossErrorPpm ?? Number.POSITIVE_INFINITY, unit: 'ppm', target: { atMost: 0 } },
    ];
  } finally {
    await nats.close();
    await instance.stop();
  }
}

async function readPriceVersion(nats: NatsConnection): Promise<string> {
  const entry = await (await new Kvm(nats).open(buckets.prices)).get(currentPricesEntry);
  if (entry === null) throw new Error('There is no current price book: is pricing running?');
  return currentPrices.parse(entry.json()).version;
}

async function awaitReaders(nats: NatsConnection, onDone: (consumer: string) => void): Promise<void> {
  const manager = await jetstreamManager(nats);
  for (const { stream, consumer } of readers) {
    for (;;) {
      const { num_pending, num_ack_pending } = await manager.consumers.info(stream, consumer);
      if (num_pending + num_ack_pending === 0) break;
      await wait(20);
    }
    onDone(consumer);
  }
}

/** What the relay would have put on the log for this request. */
function usageEventOf(org: string, plan: PlannedRequest, priceVersion: string): UsageEvent {
  const { protocol, model, team, inputTokens, outputTokens } = plan;
  const now = new Date().toISOString();
  const raw = JSON.stringify({ prompt_tokens: inputTokens, completion_tokens: outputTokens });
  const data: UsageEventData = {
    requestId: uuidv7(),
    attempt: 1,
    outcome: 'completed',
    httpStatus: 200,
    startedAt: now,
    firstByteAt: now,
    finishedAt: now,
    teamId: team,
    projectId: `${team}-production`,
    keyId: 'bench',
    channelId: `sandbox-${protocol}`,
    priceVersion,
    usage: {
      provider: protocol,
      api: protocol === 'openai' ? 'openai-chat' : 'anthropic-messages',
      requestedModel: model,
      servedModel: model,
      segments: [{ kind: 'main', in: { fresh: { text: inputTokens } }, out: { text: outputTokens } }],
      completeness: 'final',
      anomalies: [],
      raw: { json: raw, sha256: createHash('sha256').update(raw).digest('hex') },
    },
  };
  return {
    specversion: '1.0',
    id: uuidv7(),
    source: 'bench/pipeline',
    type: 'tollgate.usage.v1',
    time: now,
    datacontenttype: 'application/json',
    org,
    datahash: dataHash(data),
    data,
  };
}
