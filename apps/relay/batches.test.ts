import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { jetstream } from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import { writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import OpenAI, { toFile } from 'openai';
import { Agent } from 'undici';
import type { DueBatch } from '#contracts/batch.js';
import { currentPricesEntry, type PriceBook, priceBookEntry } from '#contracts/price-book.js';
import { buckets } from '#contracts/streams.js';
import type { UsageEvent } from '#contracts/usage-event.js';
import { eventually } from '#jetstream/eventually.fixture.js';
import { formatAmount, parseAmount } from '#money/pico.js';
import { askLedgerOver } from './admit/ask-ledger.js';
import { loadChannels } from './channels/load-channels.js';
import { findOperation } from './operations/find-operation.js';
import { publishUsageOver } from './publish/publish-usage.js';
import type { PublisherPorts } from './publish/publisher.js';
import { CALLER, KEY, RelayHouse } from './relay.fixture.js';
import { type RunningRelay, startRelay } from './start-relay.js';
import { BrokerClock } from './admit/broker-clock.js';
import { BATCH_LEASE_MS, BatchMoney } from './batches/batch-money.js';
import { BatchStore } from './batches/batch-store.js';
import { BatchUpstream } from './batches/batch-upstream.js';
import { BatchWatcher } from './batches/batch-watcher.js';

const INTERVAL_MS = 100;
const STRANGER = 'tg-a-key-of-another-organisation';
const OTHER_PROJECT = 'tg-a-key-of-another-project';
const SLOW = 'tg-a-key-with-few-requests-a-minute';
const LIMITED = 'tg-a-key-with-a-policy';

const book: PriceBook = {
  version: 'batches',
  publishedAt: '2026-11-01T00:00:00Z',
  tariffs: [
    {
      ...{
        provider: 'openai',
        models: ['gpt-4o', 'gpt-mini'],
        currency: 'USD',
        source: 'a test',
        checkedOn: '2026-11-01',
      },
      rates: [
        { tier: 'standard', aboveInputTokens: 0, unitPrices: { 'in.fresh.text': '0.000002', 'out.text': '0.00001' } },
        { tier: 'batch', aboveInputTokens: 0, unitPrices: { 'in.fresh.text': '0.000001', 'out.text': '0.000005' } },
      ],
    },
  ],
};
/** 'user' and 'a prompt of a' are 9 tokens at most, and a message is framed by 6. */
const estimate = 3n * (15n * 1_000_000n + 100n * 5_000_000n);

let house: RelayHouse;
let relays: RunningRelay[];
let upstream: BatchHouse;

const channelsFile = () => join(house.folder, 'batches.json');

beforeAll(async () => {
  house = await RelayHouse.build();
  await house.putKey(STRANGER, { ...CALLER, orgId: 'org_2', keyId: 'key_2', status: 'active' });
  await house.putKey(OTHER_PROJECT, { ...CALLER, projectId: 'proj_2', keyId: 'key_3', status: 'active' });
  const policy = { models: { deny: ['gpt-5'] }, endpoints: ['files.*', 'batches.*', 'chat.completions'] };
  await house.putKey(LIMITED, { ...CALLER, keyId: 'key_4', status: 'active', policy });
  const baseUrl = house.upstream.url;
  const channels = [
    {
      id: 'ch_openai',
      adapter: 'openai',
      baseUrl,
      models: { 'gpt-4o': 'gpt-4o', 'gpt-5': 'gpt-5', small: 'gpt-mini' },
    },
    { id: 'ch_deepseek', adapter: 'deepseek', baseUrl, models: ['deepseek-chat'] },
  ];
  writeFileSync(channelsFile(), JSON.stringify({ channels }));
  const prices = await new Kvm(house.connection).open(buckets.prices);
  await prices.put(priceBookEntry(book.version), JSON.stringify(book));
  await prices.put(currentPricesEntry, JSON.stringify({ version: book.version }));
  await startRelays();
});
afterAll(async () => {
  await Promise.all(relays.map((relay) => relay.close()));
  await house.tearDown();
});
beforeEach(() => {
  upstream = new BatchHouse();
  house.upstream.received.length = 0;
  house.upstream.answer = (request, response, body) => upstream.answer(request, response, body);
});

const client = (key = KEY, relay = 0) =>
  new OpenAI({ apiKey: key, baseURL: `${relays[relay]!.url}/v1`, maxRetries: 0 });

let made = 0;

/** As much of OpenAI's files and batches as an upstream of the tests needs. */
class BatchHouse {
  readonly files = new Map<string, string>();
  readonly batches = new Map<string, Record<string, unknown>>();
  /** What it does with a batch that is asked for; it makes it in any case. */
  failsToAnswer = false;
  refuses = false;

  answer(request: IncomingMessage, response: ServerResponse, body: string): void {
    const send = (json: object, status = 200) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(json));
    const [path = ''] = (request.url ?? '').split('?');
    const [, version, kind, id, action] = path.split('/');
    expect(version).toBe('v1');
    if (kind === 'files') {
      if (id === undefined) return void send(this.#file(this.#upload(body)));
      const text = this.files.get(id);
      if (text === undefined) return void send({ error: { message: 'No such file.' } }, 404);
      if (action === 'content') return void response.writeHead(200).end(text);
      if (request.method === 'DELETE') this.files.delete(id);
      return void send(request.method === 'DELETE' ? { id, object: 'file', deleted: true } : this.#file(id));
    }
    if (id === undefined && request.method === 'POST') {
      if (this.refuses) return void send({ error: { message: 'No.' } }, 400);
      const batch = this.#make(JSON.parse(body) as object);
      return void (this.failsToAnswer ? response.destroy() : send(batch));
    }
    if (id === undefined) return void send(this.#page(new URLSearchParams(request.url?.split('?')[1]).get('after')));
    const batch = this.batches.get(id);
    if (batch !== undefined && action === 'cancel') batch['status'] = 'cancelling';
    send(batch ?? { error: { message: 'No such batch.' } }, batch === undefined ? 404 : 200);
  }

  end(id: string, status: string, lines?: readonly object[]): void {
    const output = `file-output-${id}`;
    if (lines !== undefined) this.files.set(output, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
    Object.assign(this.batches.get(id)!, {
      status,
      [`${status}_at`]: 1_785_000_600,
      output_file_id: lines === undefined ? null : output,
      request_counts: { total: 3, completed: lines?.length ?? 0, failed: 0 },
    });
  }

  /** The latest first, one at a time. */
  #page(after: string | null): object {
    const all = [...this.batches.values()].reverse();
    const at = all.findIndex(({ id }) => id === after) + 1;
    return { object: 'list', data: all.slice(at, at + 1), has_more: at + 1 < all.length };
  }

  #upload(form: string): string {
    made += 1;
    this.files.set(`file-${made}`, /filename=.*?\r\n\r\n(.*?)\r\n--/s.exec(form)?.[1] ?? '');
    return `file-${made}`;
  }

  #file(id: string): object {
    const bytes = this.files.get(id)?.length;
    return { id, object: 'file', bytes, created_at: 1_785_000_000, filename: 'in.jsonl', purpose: 'batch' };
  }

  #make(asked: object): Record<string, unknown> {
    made += 1;
    const createdAt = Math.floor(Date.now() / 1000);
    const batch = { ...asked, id: `batch_${made}`, object: 'batch', status: 'in_progress', created_at: createdAt };
    this.batches.set(batch.id, batch);
    return batch;
  }
}

const line = (id: string, model: string, more: object = {}) => ({
  ...{ custom_id: id, method: 'POST', url: '/v1/chat/completions' },
  body: { model, messages: [{ role: 'user', content: `a prompt of ${id}` }], ...more },
});

const answered = (id: string, completion: number, model = 'gpt-4o') => ({
  ...{ id: `batch_req_${id}`, custom_id: id, error: null },
  response: {
    ...{ status_code: 200, request_id: id },
    body: {
      ...{ id: `chatcmpl-${id}`, object: 'chat.completion', model },
      choices: [{ index: 0, message: { role: 'assistant', content: 'Good day' }, finish_reason: 'stop' }],
      usage: { prompt_tokens: 9, completion_tokens: completion, total_tokens: 9 + completion },
    },
  },
});

async function upload(lines: readonly object[], key = KEY): Promise<string> {
  const text = lines.map((one) => JSON.stringify(one)).join('\n');
  return (await client(key).files.create({ purpose: 'batch', file: await toFile(Buffer.from(text), 'in.jsonl') })).id;
}

async function makeBatch(lines = [line('a', 'gpt-4o'), line('b', 'gpt-4o'), line('c', 'gpt-4o')]): Promise<string> {
  const asked = { input_file_id: await upload(lines), endpoint: '/v1/chat/completions' } as const;
  return (await client().batches.create({ ...asked, completion_window: '24h' })).id;
}

const eventsOf = async (batchId: string): Promise<UsageEvent[]> =>
  (await house.events()).filter(({ data }) => data.requestId === batchId);

async function metered(batchId: string): Promise<UsageEvent[]> {
  const store = new BatchStore(house.connection);
  for (let waitedMs = 0; waitedMs < 10_000; waitedMs += 50) {
    if ((await store.batch(CALLER, batchId))?.isMetered === true) return eventsOf(batchId);
    await delay(50);
  }
  throw new Error(`Batch ${batchId} was not metered within 10 s.`);
}

const neverCalled = (sentence: string) => expect(sentence).toBeUndefined();

it('serves the official SDK, and a batch that is completed is metered once for each line by one of two relays', async () => {
  const id = await makeBatch();
  expect((await client().batches.retrieve(id)).status).toBe('in_progress');
  await delay(3 * INTERVAL_MS);
  expect(await eventsOf(id)).toEqual([]);
  upstream.end(id, 'completed', [answered('a', 1), answered('b', 2), answered('c', 3)]);
  const output = (await client(KEY, 1).batches.retrieve(id)).output_file_id!;
  expect(await (await client().files.content(output)).text()).toContain('Good day');
  const events = await metered(id);
  expect(events.map(({ data }) => data.usage.segments[0]!.out.text).sort()).toEqual([1, 2, 3]);
  for (const { data, time, source } of events) {
    expect(data).toMatchObject({ ...{ keyId: 'key_1', attempt: 1, outcome: 'completed', channelId: 'ch_openai' } });
    expect(data.usage).toMatchObject({ servedModel: 'gpt-4o', completeness: 'final', modifiers: { batch: true } });
    expect([source, data.startedAt, data.finishedAt]).toEqual([
      'tollgate/relay/batches',
      time,
      new Date(1_785_000_600_000).toISOString(),
    ]);
  }
  await delay(5 * INTERVAL_MS);
  expect(await eventsOf(id)).toHaveLength(3);
});

it('bills nothing when it is polled, before its end and after (fault 17)', async () => {
  const id = await makeBatch();
  for (let poll = 0; poll < 5; poll += 1) await client().batches.retrieve(id);
  expect(await eventsOf(id)).toEqual([]);
  upstream.end(id, 'completed', [answered('a', 1)]);
  await metered(id);
  for (let poll = 0; poll < 5; poll += 1) {
    await client().batches.retrieve(id);
    await (await client().files.content(`file-output-${id}`)).text();
  }
  await delay(3 * INTERVAL_MS);
  expect(await eventsOf(id)).toHaveLength(1);
});

it.each(['expired', 'cancelled'])('bills what was answered of a batch that %s (fault 13)', async (status) => {
  const id = await makeBatch();
  if (status === 'cancelled') expect((await client().batches.cancel(id)).status).toBe('cancelling');
  upstream.end(id, status, [answered('b', 5)]);
  expect((await metered(id)).map(({ data }) => data.usage.segments[0]!.out.text)).toEqual([5]);
});

it('bills nothing of a batch that failed without an output', async () => {
  const id = await makeBatch();
  upstream.end(id, 'failed');
  expect(await metered(id)).toEqual([]);
});

it('meters an output of many messages, each line once', async () => {
  const ids = Array.from({ length: 1_201 }, (_, at) => `line ${at}`);
  const id = await makeBatch(ids.map((lineId) => line(lineId, 'gpt-4o')));
  upstream.end(
    id,
    'completed',
    ids.map((lineId) => answered(lineId, 1)),
  );
  const events = await metered(id);
  expect([events.length, new Set(events.map((event) => event.id)).size]).toEqual([1_201, 1_201]);
});

it('waits while the output has fewer lines than the upstream says it answered', async () => {
  const id = await makeBatch();
  upstream.end(id, 'completed', [answered('a', 1), answered('b', 2)]);
  const whole = upstream.files.get(`file-output-${id}`)!;
  upstream.files.set(`file-output-${id}`, whole.slice(0, whole.indexOf('\n')));
  await delay(5 * INTERVAL_MS);
  expect((await new BatchStore(house.connection).batch(CALLER, id))?.isMetered).toBe(false);
  upstream.files.set(`file-output-${id}`, whole);
  const events = await metered(id);
  expect(new Set(events.map(({ id: eventId }) => eventId)).size).toBe(2);
});

it('leaves a line that nobody can read to a person, and voids one that the upstream refused', async () => {
  const id = await makeBatch();
  const refused = { custom_id: 'b', response: { status_code: 400, body: { error: { message: 'No.' } } } };
  upstream.end(id, 'completed', [answered('a', 1), refused]);
  upstream.files.set(`file-output-${id}`, `${upstream.files.get(`file-output-${id}`)!}not json\n`);
  const events = (await metered(id)).map(({ data: { outcome, usage } }) => `${outcome} ${usage.completeness}`);
  expect(events.sort()).toEqual(['completed final', 'completed missing', 'failed missing']);
});

it('publishes the same events to the letter after a relay died before it marked the batch', async () => {
  await Promise.all(relays.map((relay) => relay.close()));
  relays = [];
  const [batchId, fileId] = ['batch_killed', 'file-killed'];
  upstream.batches.set(batchId, { id: batchId, created_at: 1_785_000_000 });
  upstream.end(batchId, 'completed', [answered('a', 1), answered('b', 2)]);
  const store = new BatchStore(house.connection);
  const { keyId, orgId, teamId, projectId } = CALLER;
  const owner = { keyId, orgId, teamId, projectId, channelId: 'ch_openai' };
  const asked = { operation: 'chat.completions', model: 'gpt-4o', createdAt: new Date().toISOString() };
  await store.putDue(`due.${orgId}.${projectId}.one`, {
    ...{ ...owner, ...asked, priceVersion: '1', inputFileId: fileId, batchId, notBeforeMs: 0, failures: 0 },
  });
  const published: string[][] = [];
  const clock = new BrokerClock(house.connection, 'relay-3');
  const publish = publishUsageOver(jetstream(house.connection));
  const watch = async (after: PublisherPorts['publish']) => {
    const { table } = await loadChannels(channelsFile(), () => undefined);
    const complain = (sentence: string) => expect(sentence).toBe('');
    const watcher = new BatchWatcher(
      {
        ...{ store, upstream: new BatchUpstream(table, new Agent(), complain), complain, publish: after },
        money: new BatchMoney(askLedgerOver(house.connection, 'relay-3', BATCH_LEASE_MS), clock, complain),
        clock,
        priceBook: () => Promise.resolve(undefined),
      },
      INTERVAL_MS,
    );
    watcher.start();
    return watcher;
  };
  const dying = await watch(async (org, events) => {
    published.push([...events]);
    await publish(org, events);
    return new Promise(() => undefined);
  });
  while (published.length === 0) await delay(10);
  await dying.stop(0);
  expect((await store.batch(CALLER, batchId))?.isMetered).toBe(false);
  const next = await watch(async (org, events) => {
    published.push([...events]);
    await publish(org, events);
  });
  expect(await metered(batchId)).toHaveLength(2);
  await next.stop(1_000);
  expect(published[1]).toEqual(published[0]);
  expect(published).toHaveLength(2);
  await startRelays();
});

it('finds a batch whose id nobody was told, and meters it', async () => {
  upstream.failsToAnswer = true;
  await expect(makeBatch()).rejects.toMatchObject({ status: 503 });
  upstream.failsToAnswer = false;
  const [id = ''] = upstream.batches.keys();
  upstream.batches.set('batch_of_others', { id: 'batch_of_others', input_file_id: 'file-of-others' });
  upstream.end(id, 'completed', [answered('a', 7)]);
  const store = new BatchStore(house.connection);
  const [waiting] = await store.due(neverCalled);
  await store.changeDue(waiting!, { ...waiting!.due, notBeforeMs: 0 });
  expect((await metered(id)).map(({ data }) => data.usage.segments[0]!.out.text)).toEqual([7]);
});

it('knows no file or batch of another organisation or project, by its id or in a list (fault 52)', async () => {
  const id = await makeBatch();
  const file = (await client().files.list()).data[0]!.id;
  for (const key of [STRANGER, OTHER_PROJECT]) {
    const other = client(key);
    const asks = [
      () => other.batches.retrieve(id),
      () => other.batches.cancel(id),
      () => other.files.retrieve(file),
      () => other.files.content(file),
      () => other.files.delete(file),
      () => other.batches.create({ input_file_id: file, endpoint: '/v1/chat/completions', completion_window: '24h' }),
    ];
    house.upstream.received.length = 0;
    for (const ask of asks) await expect(ask()).rejects.toMatchObject({ status: 404 });
    expect((await other.batches.list()).data).toEqual([]);
    expect((await other.files.list()).data).toEqual([]);
    expect(house.upstream.received.filter(({ request }) => request.url?.includes(file))).toEqual([]);
  }
  expect((await client().batches.list({ limit: 1 })).data.map((batch) => batch.id)).toEqual([id]);
  for (const path of ['/v1/files/..%2fbatches', '/v1/files/../models', '/v1/batches/a%2e%2e', '/v1/files/../content'])
    expect(findOperation('GET', path)).toMatchObject({ code: 'not_found' });
});

it('keeps an output from being deleted before it is metered', async () => {
  const id = await makeBatch();
  const store = new BatchStore(house.connection);
  const lookFrom = async (notBeforeMs: number) => {
    const waiting = (await store.due(neverCalled)).find(({ due }) => due.batchId === id)!;
    return store.changeDue(waiting, { ...waiting.due, notBeforeMs });
  };
  while ((await lookFrom(Date.now() + 3_600_000)) === undefined);
  upstream.end(id, 'completed', [answered('a', 1)]);
  const output = (await client().batches.retrieve(id)).output_file_id!;
  await expect(client().files.delete(output)).rejects.toMatchObject({ status: 503 });
  await lookFrom(0);
  expect(await metered(id)).toHaveLength(1);
  expect(await client().files.delete(output)).toMatchObject({ deleted: true });
});

it.each([
  ['a model that the key may not call', [line('a', 'gpt-4o'), line('b', 'gpt-5')], 'Line 2: '],
  ['an endpoint that the key may not call', [{ ...line('a', 'small'), url: '/v1/responses' }], 'Line 1: '],
  ['two models', [line('a', 'gpt-4o'), line('b', 'small')], 'Line 2 '],
  ['a url of no batch', [{ ...line('a', 'gpt-4o'), url: '/v1/files' }], 'Line 1 '],
  ['a model that is nowhere', [line('a', 'nobody')], 'nobody'],
  ['a model without batches', [line('a', 'deepseek-chat')], 'has batches'],
])('refuses a file with %s, and sends none of it', async (_what, lines, sentence) => {
  await expect(upload(lines, LIMITED)).rejects.toThrow(sentence);
  expect(house.upstream.received.filter(({ request }) => request.method === 'POST')).toEqual([]);
});

it('refuses a batch of a file whose model the key that asks may not call', async () => {
  const asked = { input_file_id: await upload([line('a', 'gpt-5')]), endpoint: '/v1/chat/completions' } as const;
  await expect(client(LIMITED).batches.create({ ...asked, completion_window: '24h' })).rejects.toMatchObject({
    status: 403,
  });
  expect(upstream.batches.size).toBe(0);
});

it('counts its requests among those of a minute', async () => {
  const policy = { limits: { requestsPerMinute: 2 } };
  await house.putKey(SLOW, { ...CALLER, keyId: 'key_5', status: 'active', policy });
  const list = async () => client(SLOW).files.list({ limit: 1 });
  while ((await list().catch((error: unknown) => error as { status?: number })) instanceof OpenAI.AuthenticationError);
  const tried = await Promise.allSettled(Array.from({ length: 6 }, list));
  // They may have been made in two minutes.
  expect(tried.filter(({ status }) => status === 'rejected').length).toBeGreaterThanOrEqual(2);
});

it('calls the model as the upstream does in every line, and changes nothing else', async () => {
  const id = await upload([line('a', 'small', { seed: 1 }), line('b', 'small')]);
  const sent = upstream.files.get(id)!.trim().split('\n');
  expect(sent.map((one) => JSON.parse(one) as object)).toEqual([
    line('a', 'gpt-mini', { seed: 1 }),
    line('b', 'gpt-mini'),
  ]);
});

const three = ['a', 'b', 'c'].map((id) => line(id, 'gpt-4o', { max_tokens: 100 }));
const leased = () => [...house.ledger.leases].filter(([, amount]) => amount === estimate);

async function dueOf(batchId: string): Promise<DueBatch> {
  const found = (await new BatchStore(house.connection).due(neverCalled)).find(({ due }) => due.batchId === batchId);
  if (found === undefined) throw new Error(`Nothing is due of ${batchId}.`);
  return found.due;
}

/** As if its lease had been renewed at another time. */
async function renewedAt(batchId: string, renewedAtMs: number): Promise<void> {
  const store = new BatchStore(house.connection);
  await eventually(async () => {
    const entry = (await store.due(neverCalled)).find(({ due }) => due.batchId === batchId)!;
    const changed = { ...entry.due, lease: { ...entry.due.lease!, renewedAtMs } };
    expect(await store.changeDue(entry, changed)).toBeDefined();
  });
}

it('is not forgotten by a relay whose clock is hours ahead, before anybody knows whether there is a batch', async () => {
  const store = new BatchStore(house.connection);
  const { keyId, orgId, teamId, projectId } = CALLER;
  const owner = { keyId, orgId, teamId, projectId, channelId: 'ch_openai' };
  const asked = { operation: 'chat.completions', model: 'gpt-4o', createdAt: new Date().toISOString() };
  const name = `due.${orgId}.${projectId}.begun`;
  await store.putDue(name, {
    ...{
      ...owner,
      ...asked,
      priceVersion: '1',
      inputFileId: 'file-begun',
      notBeforeMs: Date.now() + 600_000,
      failures: 0,
    },
  });
  const later = Date.now() + 7_200_000;
  const clock = jest.spyOn(Date, 'now').mockImplementation(() => later);
  await delay(5 * INTERVAL_MS);
  clock.mockRestore();
  const begun = (await store.due(neverCalled)).find((entry) => entry.name === name);
  expect(begun?.due.notBeforeMs).toBeLessThan(later);
  await store.removeDue(name);
});

describe('the money of a batch', () => {
  beforeEach(() => {
    house.ledger.left = parseAmount('1');
    house.ledger.leases.clear();
  });

  it('is held while it runs, all that its lines may cost, and comes back but for what they cost', async () => {
    const id = await makeBatch(three);
    const [[leaseId] = ['none']] = leased();
    expect(house.ledger.left).toBe(parseAmount('1') - estimate);
    upstream.end(id, 'completed', [answered('a', 1), answered('b', 2), answered('c', 3)]);
    expect((await metered(id)).map(({ data }) => data.leaseId)).toEqual([leaseId, leaseId, leaseId]);
    const cost = 27n * 1_000_000n + 6n * 5_000_000n;
    await eventually(() => expect(house.ledger.leases.get(leaseId)).toBe(cost));
    expect(house.ledger.left).toBe(parseAmount('1') - cost);
  });

  it('is not there for one that may cost more: the answer is 402, and nothing is asked of the upstream', async () => {
    house.ledger.left = estimate - 1n;
    await expect(makeBatch(three)).rejects.toMatchObject({
      status: 402,
      code: 'insufficient_quota',
      message: expect.stringContaining(`This batch may cost up to ${formatAmount(estimate)} USD, and wallet "default"`),
    });
    expect(upstream.batches.size).toBe(0);
    expect(house.ledger.left).toBe(estimate - 1n);
    house.ledger.left = estimate;
    await makeBatch(three);
    expect(house.ledger.left).toBe(0n);
  });

  it('comes back from one that the upstream refuses, and from one that ends without an output', async () => {
    upstream.refuses = true;
    await expect(makeBatch(three)).rejects.toMatchObject({ status: 400 });
    expect(house.ledger.left).toBe(parseAmount('1'));
    upstream.refuses = false;
    const id = await makeBatch(three);
    upstream.end(id, 'failed');
    await metered(id);
    await eventually(() => expect(house.ledger.left).toBe(parseAmount('1')));
  });

  it('stays held where a line has an answer that is not charged', async () => {
    const id = await makeBatch(three);
    const [[leaseId] = ['none']] = leased();
    upstream.end(id, 'completed', [answered('a', 1)]);
    upstream.files.set(`file-output-${id}`, 'not json\n');
    await metered(id);
    await delay(3 * INTERVAL_MS);
    expect(house.ledger.leases.get(leaseId)).toBe(estimate);
  });

  it('is kept by whichever relay looks after it, and leased again where its lease was lost', async () => {
    const id = await makeBatch(three);
    const [[leaseId] = ['none']] = leased();
    // One whose clock is wrong by an hour may have written it.
    for (const wrongMs of [-3_600_000, 3_600_000]) {
      await renewedAt(id, Date.now() + wrongMs);
      await eventually(async () =>
        expect(Math.abs((await dueOf(id)).lease!.renewedAtMs - Date.now())).toBeLessThan(60_000),
      );
      expect((await dueOf(id)).lease).toMatchObject({ id: leaseId });
    }
    house.ledger.expire(leaseId);
    await renewedAt(id, 0);
    await eventually(async () => expect((await dueOf(id)).lease!.id).not.toBe(leaseId));
    expect(house.ledger.left).toBe(parseAmount('1') - estimate);
    upstream.end(id, 'completed', [answered('a', 1)]);
    // What was booked under the first is off nobody else's: the second expires.
    expect((await metered(id)).map(({ data }) => data.leaseId)).toEqual([leaseId]);
    expect(leased()).toHaveLength(1);
  });

  it('cannot be told of a file that was not counted: it is to be sent again', async () => {
    const { keyId, orgId, teamId, projectId } = CALLER;
    const owner = { keyId, orgId, teamId, projectId, channelId: 'ch_openai', createdAt: new Date().toISOString() };
    const input = { operation: 'chat.completions', model: 'gpt-4o', bytes: 100 };
    await new BatchStore(house.connection).keepFile('file-of-old', { ...owner, input });
    const asked = { input_file_id: 'file-of-old', endpoint: '/v1/chat/completions', completion_window: '24h' } as const;
    await expect(client().batches.create(asked)).rejects.toMatchObject({ status: 400, param: 'input_file_id' });
  });
});

async function startRelays(): Promise<void> {
  const config = { ...house.config, TOLLGATE_CHANNELS_FILE: channelsFile(), TOLLGATE_BATCH_INTERVAL_MS: INTERVAL_MS };
  relays = [await startRelay(config), await startRelay({ ...config, TOLLGATE_RELAY_ID: 'relay-2' })];
}
