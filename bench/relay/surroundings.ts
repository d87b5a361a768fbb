import { jetstreamManager } from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/transport-node';
import { type ChildProcess, fork } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hashKey } from '#config/key-hash.js';
import { directoryEntryName } from '#contracts/directory.js';
import { currentPricesEntry, type PriceBook, priceBookEntry } from '#contracts/price-book.js';
import { buckets, streams } from '#contracts/streams.js';
import type { UsageEvent } from '#contracts/usage-event.js';
import { startNats } from '#embedded/nats.js';
import { freePort } from '#embedded/ports.js';
import { connectNats } from '#jetstream/connect.js';
import { ensureTopology } from '#jetstream/topology.js';
import { inputTokens, outputTokens } from '#usage/usage.js';
import { GrantingLedger } from '../../apps/relay/admit/granting-ledger.fixture.js';
import { key } from './load.js';

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

const built = (file: string) => join(import.meta.dirname, file);

/** A process that serves. */
export interface Serving {
  readonly url: string;
  readonly pid: number;
}

/** An upstream, two ways to it, and the log that the relay writes to. */
export interface Surroundings {
  readonly upstream: Serving;
  readonly bareProxy: Serving;
  readonly relay: Serving;
  readonly natsPid: number;
  /** One more process, which ends with the rest. */
  readonly fork: (file: string, args: string[], env?: NodeJS.ProcessEnv) => Promise<Serving>;
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
  const start = async (file: string, args: string[], env: NodeJS.ProcessEnv = {}): Promise<Serving> => {
    const child = fork(file, args, { env, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    children.push(child);
    const url = await new Promise<string>((resolve, reject) => {
      child.once('message', (message: { url?: string }) => resolve(message.url ?? ''));
      child.once('exit', (code) => reject(new Error(`${file} ended with ${code}.`)));
    });
    return { url, pid: child.pid ?? 0 };
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
    const upstream = await start(built('upstream.js'), []);
    const bareProxy = await start(built('bare-proxy.js'), [upstream.url]);
    const port = await freePort();
    const settings = await relaySettings({ folder, port, upstream: upstream.url, natsUrl: nats.url });
    const { pid } = await start(built('../../apps/relay/main.js'), [], settings);
    return {
      upstream,
      bareProxy,
      relay: { url: `http://127.0.0.1:${port}`, pid },
      natsPid: nats.pid,
      fork: start,
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
  const prices = await kvm.open(buckets.prices);
  await prices.put(priceBookEntry(book.version), JSON.stringify(book));
  await prices.put(currentPricesEntry, JSON.stringify({ version: book.version }));
}

async function relaySettings(o: { folder: string; port: number; upstream: string; natsUrl: string }) {
  const channelsFile = join(o.folder, 'channels.json');
  const channel = { id: 'bench', provider: 'openai', protocol: 'openai-chat', baseUrl: o.upstream, models: ['gpt-4o'] };
  await writeFile(channelsFile, JSON.stringify({ channels: [channel] }));
  return {
    NATS_URL: o.natsUrl,
    PORT: String(o.port),
    TOLLGATE_KEY_PEPPER: pepper,
    TOLLGATE_CHANNELS_FILE: channelsFile,
    TOLLGATE_JOURNAL_DIR: join(o.folder, 'journal'),
    TOLLGATE_LOG_LEVEL: 'warn',
  };
}
