import { jetstreamManager } from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/transport-node';
import { type ChildProcess, fork } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hashKey } from '#config/key-hash.js';
import { directoryEntryName, type Policy, policyEntryNames } from '#contracts/directory.js';
import { currentPricesEntry, type PriceBook, priceBookEntry } from '#contracts/price-book.js';
import { buckets, streams } from '#contracts/streams.js';
import type { UsageEvent } from '#contracts/usage-event.js';
import { startNats } from '#embedded/nats.js';
import { freePort } from '#embedded/ports.js';
import { connectNats } from '#jetstream/connect.js';
import { ensureTopology } from '#jetstream/topology.js';
import { inputTokens, outputTokens } from '#usage/usage.js';
import { GrantingLedger } from '../../apps/relay/admit/granting-ledger.fixture.js';
import { key, limitedKey } from './load.js';

const pepper = 'the pepper of the benchmark, long enough';
/** So that what an attempt may cost and what it did cost are worked out for each. */
const book: PriceBook = {
  version: 'bench',
  publishedAt: '2026-11-01T00:00:00Z',
  tariffs: [
    {
      ...{ provider: 'openai', models: ['gpt-4o'], currency: 'USD', source: 'the benchmark', checkedOn: '2026-11-01' },
      rates: [
        {
          tier: 'standard',
          aboveInputTokens: 0,
          unitPrices: { 'in.fresh.text': '0.0000025', 'in.cacheRead.text': '0.00000125', 'out.text': '0.00001' },
        },
      ],
    },
  ],
};

/** Of every level of the limited key: all that has to be looked at, and nothing that ends the benchmark. */
const policy: Policy = {
  models: { allow: ['gpt-*', 'claude-*'], deny: ['gpt-4-32k'] },
  aliases: { fast: 'gpt-4o-mini' },
  endpoints: ['chat.*', 'embeddings'],
  ipRanges: ['10.0.0.0/8', '127.0.0.0/8'],
  maxOutputTokens: 100_000,
  limits: { requestsPerMinute: 100_000_000, tokensPerMinute: 1_000_000_000, concurrency: 100_000 },
};

const built = (file: string) => join(import.meta.dirname, file);

/** A process that serves. */
export interface Serving {
  readonly url: string;
  readonly pid: number;
}

/** Starts a process that ends with the rest. @returns the first that it tells. */
type Fork = <Told extends object>(
  file: string,
  args: string[],
  env?: NodeJS.ProcessEnv,
) => Promise<Told & { readonly pid: number }>;

/** An upstream, the ways to it, and the log that the relays write to. */
export interface Surroundings {
  readonly upstream: Serving;
  readonly bareProxy: Serving;
  readonly relay: Serving;
  /** Two processes on one port; its id is that of the one that started them. */
  readonly relayOfTwo: Serving;
  readonly fork: Fork;
  /** For one more relay, with so many channels of one model. */
  readonly relaySettings: (id: string, channels: number) => Promise<NodeJS.ProcessEnv>;
  readonly countTokens: () => Promise<number>;
  readonly stop: () => Promise<void>;
}

export async function surround(): Promise<Surroundings> {
  const folder = await mkdtemp(join(tmpdir(), 'tollgate-bench-'));
  const nats = await startNats({
    dataDir: join(folder, 'nats'),
    logFile: join(folder, 'nats.log'),
    port: await freePort(),
    toolsDir: join(process.cwd(), '.tollgate/tools'),
  });
  const children: ChildProcess[] = [];
  const start: Fork = async <Told extends object>(file: string, args: string[], env: NodeJS.ProcessEnv = {}) => {
    const child = fork(file, args, { env, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    children.push(child);
    const told = await new Promise<Told>((resolve, reject) => {
      child.once('message', (message) => resolve(message as Told));
      child.once('exit', (code) => reject(new Error(`${file} ended with ${code}.`)));
    });
    return { ...told, pid: child.pid ?? 0 };
  };
  const stop = async () => {
    for (const child of children) child.kill('SIGKILL');
    await nats.stop();
    await rm(folder, { recursive: true });
  };
  try {
    const connection = await connectNats({ servers: nats.url, name: 'bench' });
    await ensureTopology(connection);
    await seed(new Kvm(connection));
    new GrantingLedger(connection, '1000000');
    const upstream = await start<Serving>(built('upstream.js'), []);
    const bareProxy = await start<Serving>(built('bare-proxy.js'), [upstream.url]);
    const settings = (id: string, channels: number) =>
      relaySettings({ id, channels, folder, upstream: upstream.url, natsUrl: nats.url });
    const startRelay = async (id: string, workers: number): Promise<Serving> => {
      const env = { ...(await settings(id, 1)), TOLLGATE_RELAY_WORKERS: String(workers) };
      const { pid } = await start(built('../../apps/relay/main.js'), [], env);
      return { url: `http://127.0.0.1:${env.PORT}`, pid };
    };
    return {
      upstream,
      bareProxy,
      relay: await startRelay('one', 1),
      relayOfTwo: await startRelay('two', 2),
      fork: start,
      relaySettings: settings,
      countTokens: () => countTokens(connection),
      stop: async () => {
        await connection.close();
        await stop();
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** What the events on the log add up to. */
async function countTokens(connection: NatsConnection): Promise<number> {
  const manager = await jetstreamManager(connection);
  const { state } = await manager.streams.info(streams.usage.name);
  let tokens = 0;
  for (let seq = state.first_seq; seq <= state.last_seq; seq += 1) {
    const message = await manager.streams.getMessage(streams.usage.name, { seq });
    for (const { data } of message?.json<UsageEvent[]>() ?? []) {
      for (const segment of data.usage.segments) tokens += inputTokens(segment) + outputTokens(segment);
    }
  }
  return tokens;
}

async function seed(kvm: Kvm): Promise<void> {
  const directory = await kvm.open(buckets.directory);
  const owner = { keyId: 'key', orgId: 'org', teamId: 'team', projectId: 'project', status: 'active' };
  await directory.put(directoryEntryName(hashKey(key, pepper)), JSON.stringify(owner));
  const limited = { keyId: 'limited', orgId: 'limited', teamId: 'limited', projectId: 'limited' };
  const entry = { ...limited, status: 'active', policy };
  await directory.put(directoryEntryName(hashKey(limitedKey, pepper)), JSON.stringify(entry));
  for (const nameOf of Object.values(policyEntryNames)) await directory.put(nameOf(limited), JSON.stringify(policy));
  const prices = await kvm.open(buckets.prices);
  await prices.put(priceBookEntry(book.version), JSON.stringify(book));
  await prices.put(currentPricesEntry, JSON.stringify({ version: book.version }));
}

interface RelayOptions {
  readonly id: string;
  readonly channels: number;
  readonly folder: string;
  readonly upstream: string;
  readonly natsUrl: string;
}

async function relaySettings({ id, channels, folder, upstream, natsUrl }: RelayOptions) {
  const channelsFile = join(folder, `channels-of-${id}.json`);
  const channel = { provider: 'openai', protocol: 'openai-chat', baseUrl: upstream, models: ['gpt-4o'] };
  const described = Array.from({ length: channels }, (_, at) => ({ ...channel, id: `bench-${at + 1}` }));
  await writeFile(channelsFile, JSON.stringify({ channels: described }));
  return {
    NATS_URL: natsUrl,
    PORT: String(await freePort()),
    TOLLGATE_KEY_PEPPER: pepper,
    TOLLGATE_CHANNELS_FILE: channelsFile,
    TOLLGATE_JOURNAL_DIR: join(folder, 'journal'),
    TOLLGATE_RELAY_ID: id,
    TOLLGATE_LOG_LEVEL: 'warn',
    // As npm start and docker-compose.yml start it.
    NODE_OPTIONS: '--max-semi-space-size=8',
  };
}
