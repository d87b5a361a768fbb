import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { Kvm } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/transport-node';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import OpenAI, { APIError, toFile } from 'openai';
import { startLedger } from '#apps/ledger/start-ledger.js';
import { startPricing } from '#apps/pricing/start-pricing.js';
import { type RelayProcess, startRelayProcess } from '#apps/relay/relay-process.fixture.js';
import { hashKey } from '#config/key-hash.js';
import { directoryEntryName, type DirectoryKey } from '#contracts/directory.js';
import { listLeases } from '#contracts/requests/leases.js';
import { listWallets, topUp } from '#contracts/requests/wallets.js';
import { buckets } from '#contracts/streams.js';
import { ask } from '#jetstream/ask.js';
import { connectNats } from '#jetstream/connect.js';
import { ensureTopology } from '#jetstream/topology.js';
import { testDatabase, type TestDatabase } from '#testing/database.js';
import { testNats, type TestNats } from '#testing/nats.js';
import { eventually } from '../support/eventually.js';

const pepper = 'the pepper of a test, long enough for anyone';
const KEY = 'tg-batches';

/** At the batches' list price of gpt-4o, 5 USD per million tokens of output, one line may cost 0.60 USD and a little. */
const lines = [1].map((number) => ({
  ...{ custom_id: `line ${number}`, method: 'POST', url: '/v1/chat/completions' },
  body: { model: 'gpt-4o', max_tokens: 120_000, messages: [{ role: 'user', content: 'hi' }] },
}));
/** 1.25 and 5 USD per million tokens. */
const output = lines.map(({ custom_id: id }) => ({
  ...{ id: `batch_req_${id}`, custom_id: id, error: null },
  response: {
    status_code: 200,
    body: {
      model: 'gpt-4o',
      choices: [],
      usage: { prompt_tokens: 80, completion_tokens: 20_000, total_tokens: 20_080 },
    },
  },
}));
const LEFT = '0.8999';

let nats: TestNats;
let database: TestDatabase;
let connection: NatsConnection;
let folder: string;
let upstream: Server;
let status = 'in_progress';
let made = 0;
let relays: RelayProcess[] = [];
const apps: { close(): Promise<unknown> }[] = [];

beforeAll(async () => {
  [nats, database] = await Promise.all([testNats(), testDatabase()]);
  const settings = {
    ...{ NATS_URL: nats.url, DATABASE_URL: database.url, TOLLGATE_NATS_REPLICAS: 1 },
    TOLLGATE_LOG_LEVEL: 'error',
  } as const;
  connection = await connectNats({ servers: nats.url, name: 'batch-wallet' });
  await ensureTopology(connection);
  apps.push(await startPricing(settings), await startLedger(settings));
  await ask(connection, topUp, { orgId: 'acme', currency: 'USD', amount: '1', idempotencyKey: 'the-only-dollar' });
  const directory = await new Kvm(connection).open(buckets.directory);
  const entry: DirectoryKey = { keyId: 'key', projectId: 'project', orgId: 'acme', teamId: 'team', status: 'active' };
  await directory.put(directoryEntryName(hashKey(KEY, pepper)), JSON.stringify(entry));
  upstream = await startUpstream();
  folder = await mkdtemp(join(tmpdir(), 'tollgate-batch-wallet-'));
  relays = await Promise.all(['relay-1', 'relay-2'].map(startRelay));
}, 60_000);

afterAll(async () => {
  await Promise.all(relays.map((relay) => relay.stop('SIGTERM')));
  for (const app of apps) await app.close();
  upstream.close();
  await connection.close();
  await Promise.all([nats.stop(), database.drop(), rm(folder, { recursive: true })]);
});

/** As much of OpenAI's files and batches as is needed: every file is the same, and every batch is where all are. */
async function startUpstream(): Promise<Server> {
  const batch = (id: string) => ({
    ...{ id, object: 'batch', status, created_at: Math.floor(Date.now() / 1000), request_counts: { completed: 1 } },
    ...(status === 'completed' && { output_file_id: `file-output-${id}`, completed_at: Math.floor(Date.now() / 1000) }),
  });
  const server = createServer((request, response) => {
    const [, , kind, id, action] = (request.url ?? '').split('/');
    request.resume().on('end', () => {
      response.writeHead(200, { 'content-type': 'application/json' });
      if (action === 'content') return response.end(output.map((line) => `${JSON.stringify(line)}\n`).join(''));
      if (id === undefined) made += 1;
      const named = id ?? `${kind === 'files' ? 'file-in' : 'batch'}-${made}`;
      return response.end(JSON.stringify(kind === 'files' ? { id: named, object: 'file' } : batch(named)));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

async function startRelay(id: string): Promise<RelayProcess> {
  const baseUrl = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`;
  const channelsFile = join(folder, 'channels.json');
  const channel = { id: 'only', adapter: 'openai', baseUrl, models: ['gpt-4o'] };
  await writeFile(channelsFile, JSON.stringify({ channels: [channel] }));
  return startRelayProcess({
    NATS_URL: nats.url,
    TOLLGATE_KEY_PEPPER: pepper,
    TOLLGATE_CHANNELS_FILE: channelsFile,
    TOLLGATE_JOURNAL_DIR: join(folder, 'journal'),
    TOLLGATE_RELAY_ID: id,
    TOLLGATE_BATCH_INTERVAL_MS: '200',
    TOLLGATE_LOG_LEVEL: 'error',
  });
}

const client = (relay: number) => new OpenAI({ apiKey: KEY, baseURL: `${relays[relay]!.url}/v1`, maxRetries: 0 });

/** @returns what its maker is told. */
async function makeBatch(relay: number): Promise<number> {
  const text = lines.map((line) => JSON.stringify(line)).join('\n');
  const { files, batches } = client(relay);
  const { id } = await files.create({ purpose: 'batch', file: await toFile(Buffer.from(text), 'in.jsonl') });
  const asked = { input_file_id: id, endpoint: '/v1/chat/completions', completion_window: '24h' } as const;
  return batches.create(asked).then(
    () => 200,
    (error: unknown) => (error instanceof APIError ? Number(error.status) : 0),
  );
}

const held = async () => (await ask(connection, listLeases, { orgId: 'acme' })).items.map((lease) => lease.held);

it('bears one of two batches, keeps its money when the relay is killed, and has the rest back when it is metered', async () => {
  const told = await Promise.all([makeBatch(0), makeBatch(1)]);
  expect(told.sort()).toEqual([200, 402]);
  await relays[0]!.stop('SIGKILL');
  expect(await makeBatch(1)).toBe(402);
  expect((await held()).filter((amount) => Number(amount) > 0.6)).toHaveLength(1);

  status = 'completed';
  await eventually(async () => {
    const { items } = await ask(connection, listWallets, { orgId: 'acme' });
    expect(items.find(({ currency }) => currency === 'USD')?.balance).toBe(LEFT);
    expect((await held()).filter((amount) => Number(amount) > 0)).toEqual([]);
  }, 20_000);
  status = 'in_progress';
  expect(await makeBatch(1)).toBe(200);
}, 60_000);
