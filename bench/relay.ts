import { jetstreamManager } from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import { type ChildProcess, fork } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Pool } from 'undici';
import { hashKey } from '#config/key-hash.js';
import { directoryEntryName } from '#contracts/directory.js';
import { currentPricesEntry } from '#contracts/price-book.js';
import { buckets, streams } from '#contracts/streams.js';
import type { UsageEvent } from '#contracts/usage-event.js';
import { startNats } from '#embedded/nats.js';
import { freePort } from '#embedded/ports.js';
import { connectNats } from '#jetstream/connect.js';
import { ensureTopology } from '#jetstream/topology.js';
import { inputTokens, outputTokens } from '#usage/usage.js';
import { type Figure, type Note, percentile } from './benchmark.js';

const defaultRequests = 40_000;
const rounds = 4;
const connections = 32;
/** For latencies: one connection, one request at a time. */
const latencySamples = 2_000;

const pepper = 'the pepper of the benchmark, long enough';
const key = 'tg-bench';
const prompt = 'Tell me something that takes about four hundred characters. '.repeat(10);
const tokensPerRequest = 120;

interface Bench {
  readonly upstream: string;
  readonly bareProxy: string;
  readonly relay: string;
  /** Tokens on the log. */
  readonly countTokens: () => Promise<number>;
}

/** The relay with all metering on, against a bare node:http + undici proxy before the same upstream. */
export async function benchRelay(note: Note, requests = defaultRequests): Promise<Figure[]> {
  const folder = await mkdtemp(join(tmpdir(), 'tollgate-bench-'));
  const nats = await startNats({
    dataDir: join(folder, 'nats'),
    logFile: join(folder, 'nats.log'),
    port: await freePort(),
    toolsDir: join(process.cwd(), '.tollgate/tools'),
  });
  const children: ChildProcess[] = [];
  try {
    const connection = await connectNats({ servers: nats.url, name: 'bench' });
    await ensureTopology(connection);
    await seed(new Kvm(connection));
    const start = async (file: string, args: string[] = [], env: NodeJS.ProcessEnv = {}) => {
      const child = fork(join(import.meta.dirname, file), args, { env, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
      children.push(child);
      return new Promise<string>((resolve, reject) => {
        child.once('message', (message: { url?: string }) => resolve(message.url ?? ''));
        child.once('exit', (code) => reject(new Error(`${file} ended with ${code}.`)));
      });
    };
    const upstream = await start('relay/upstream.js');
    const bareProxy = await start('relay/bare-proxy.js', [upstream]);
    const port = await freePort();
    await start('../apps/relay/main.js', [], await relayEnvironment({ folder, port, upstream, natsUrl: nats.url }));
    const manager = await jetstreamManager(connection);
    const countTokens = async () => {
      const { state } = await manager.streams.info(streams.usage.name);
      let tokens = 0;
      for (let seq = state.first_seq; seq <= state.last_seq; seq += 1) {
        const message = await manager.streams.getMessage(streams.usage.name, { seq });
        for (const { data } of message?.json<UsageEvent[]>() ?? []) {
          for (const segment of data.usage.segments) tokens += inputTokens(segment) + outputTokens(segment);
        }
      }
      return tokens;
    };
    const figures = await measure(
      { upstream, bareProxy, relay: `http://127.0.0.1:${port}`, countTokens },
      requests,
      note,
    );
    await connection.close();
    return figures;
  } finally {
    for (const child of children) child.kill('SIGKILL');
    await nats.stop();
    await rm(folder, { recursive: true });
  }
}

async function measure(
  { upstream, bareProxy, relay, countTokens }: Bench,
  requests: number,
  note: Note,
): Promise<Figure[]> {
  const perRound = Math.ceil(requests / rounds);
  for (const url of [upstream, bareProxy, relay]) await load(url, 3_000);
  note(`${perRound * rounds} requests over ${connections} connections, through the bare proxy and the relay by turns.`);
  let [bareMs, relayMs] = [0, 0];
  for (let round = 0; round < rounds; round += 1) {
    bareMs += await load(bareProxy, perRound);
    relayMs += await load(relay, perRound);
  }
  const perSecond = (ms: number) => (perRound * rounds * 1000) / ms;

  note(`${latencySamples} requests one by one, direct and through the relay by turns.`);
  const [direct, relayed] = await latencies(upstream, relay, false);
  const [directFirst, relayedFirst] = await latencies(upstream, relay, true);
  const added = (share: number) => percentile(relayed, share) - percentile(direct, share);

  note('Waiting for the last events.');
  const sent = 3_000 + perRound * rounds + 2 * latencySamples;
  const expected = sent * tokensPerRequest;
  let counted = 0;
  for (let waitedMs = 0; counted < expected && waitedMs < 10_000; waitedMs += 200) {
    await delay(200);
    counted = await countTokens();
  }
  return [
    { name: 'bare proxy', value: perSecond(bareMs), unit: 'requests/s' },
    { name: 'relay, all metering on', value: perSecond(relayMs), unit: 'requests/s' },
    { name: 'relay / bare proxy', value: bareMs / relayMs, unit: '', target: { atLeast: 0.7 } },
    { name: 'direct, p50', value: percentile(direct, 0.5), unit: 'ms' },
    { name: 'added latency, p50', value: added(0.5), unit: 'ms', target: { atMost: 0.5 } },
    { name: 'added latency, p99', value: added(0.99), unit: 'ms', target: { atMost: 3 } },
    {
      name: 'added time to the first byte of a stream, p50',
      value: percentile(relayedFirst, 0.5) - percentile(directFirst, 0.5),
      unit: 'ms',
      target: { atMost: 1 },
    },
    {
      name: 'billing error',
      value: (Math.abs(counted - expected) / expected) * 1e6,
      unit: 'ppm',
      target: { atMost: 0 },
    },
  ];
}

function exchange(pool: Pool, stream: boolean): Promise<{ firstMs: number; wholeMs: number }> {
  const body = JSON.stringify({
    model: 'gpt-4o',
    messages: [{ role: 'user', content: prompt }],
    ...(stream && { stream }),
  });
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${key}` };
  const start = performance.now();
  let firstMs = 0;
  return new Promise((resolve, reject) => {
    pool.dispatch(
      { path: '/v1/chat/completions', method: 'POST', headers, body },
      {
        onRequestStart() {},
        onResponseStart(_controller, status) {
          if (status !== 200) reject(new Error(`HTTP ${status}`));
        },
        onResponseData() {
          firstMs ||= performance.now() - start;
        },
        onResponseEnd: () => resolve({ firstMs, wholeMs: performance.now() - start }),
        onResponseError: (_controller, error) => reject(error),
      },
    );
  });
}

/** @returns how long `requests` took, in ms. */
async function load(url: string, requests: number): Promise<number> {
  const pool = new Pool(url, { connections });
  let left = requests;
  const start = performance.now();
  await Promise.all(
    Array.from({ length: connections }, async () => {
      while (left-- > 0) await exchange(pool, false);
    }),
  );
  const elapsedMs = performance.now() - start;
  await pool.close();
  return elapsedMs;
}

async function latencies(upstream: string, relay: string, stream: boolean): Promise<[number[], number[]]> {
  const pools = [new Pool(upstream, { connections: 1 }), new Pool(relay, { connections: 1 })] as const;
  const samples: [number[], number[]] = [[], []];
  for (let i = 0; i < latencySamples; i += 1) {
    for (const which of [0, 1] as const) {
      const { firstMs, wholeMs } = await exchange(pools[which], stream);
      samples[which].push(stream ? firstMs : wholeMs);
    }
  }
  await Promise.all(pools.map((pool) => pool.close()));
  return samples;
}

async function seed(kvm: Kvm): Promise<void> {
  const directory = await kvm.open(buckets.directory);
  const owner = { keyId: 'key', orgId: 'org', teamId: 'team', projectId: 'project', status: 'active' };
  await directory.put(directoryEntryName(hashKey(key, pepper)), JSON.stringify(owner));
  const prices = await kvm.open(buckets.prices);
  await prices.put(currentPricesEntry, JSON.stringify({ version: 'bench' }));
}

async function relayEnvironment(o: { folder: string; port: number; upstream: string; natsUrl: string }) {
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
