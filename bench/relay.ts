import { setTimeout as delay } from 'node:timers/promises';
import { type Figure, type Note, percentile } from './benchmark.js';
import { connections, latencies, load } from './relay/load.js';
import { cpuMs } from './relay/process-use.js';
import { holdStreams } from './relay/streams.js';
import { type Serving, surround, type Surroundings } from './relay/surroundings.js';

const defaultRequests = 40_000;
const rounds = 4;
const warmUpRequests = 3_000;
const latencySamples = 2_000;
const concurrentStreams = 1_000;
const tokensPerRequest = 120;

/** The relay with all metering on, against a bare node:http + undici proxy before the same upstream. */
export async function benchRelay(note: Note, requests = defaultRequests): Promise<Figure[]> {
  const surroundings = await surround();
  try {
    const { upstream, bareProxy, relay } = surroundings;
    for (const target of [upstream, bareProxy, relay]) await load(target, warmUpRequests);
    const perRound = Math.ceil(requests / rounds);
    const figures = [
      ...(await throughput(surroundings, perRound, note)),
      ...(await addedLatency(surroundings, note)),
      ...(await streams(surroundings, note)),
    ];
    const sent = warmUpRequests + perRound * rounds + 2 * latencySamples + concurrentStreams;
    return [...figures, await billingError(surroundings, sent * tokensPerRequest, note)];
  } finally {
    await surroundings.stop();
  }
}

async function throughput({ bareProxy, relay }: Surroundings, perRound: number, note: Note): Promise<Figure[]> {
  const requests = perRound * rounds;
  note(`${requests} requests over ${connections} connections, through the bare proxy and the relay by turns.`);
  const [bare, ours] = [
    { ms: 0, cpuMs: 0 },
    { ms: 0, cpuMs: 0 },
  ];
  const run = async (serving: Serving, spent: { ms: number; cpuMs: number }) => {
    const before = cpuMs(serving.pid);
    spent.ms += await load(serving, perRound);
    spent.cpuMs += cpuMs(serving.pid) - before;
  };
  for (let round = 0; round < rounds; round += 1) {
    await run(bareProxy, bare);
    await run(relay, ours);
  }
  return [
    { name: 'bare proxy', value: (requests * 1000) / bare.ms, unit: 'requests/s' },
    { name: 'relay, all metering on', value: (requests * 1000) / ours.ms, unit: 'requests/s' },
    { name: 'relay / bare proxy', value: bare.ms / ours.ms, unit: '', target: { atLeast: 0.7 } },
    { name: 'bare proxy, CPU per request', value: bare.cpuMs / requests, unit: 'ms' },
    { name: 'relay, CPU per request', value: ours.cpuMs / requests, unit: 'ms' },
  ];
}

async function addedLatency({ upstream, relay }: Surroundings, note: Note): Promise<Figure[]> {
  note(`${latencySamples} requests one by one, direct and through the relay by turns.`);
  const urls = [upstream.url, relay.url] as const;
  const [direct, relayed] = await latencies(urls, 'whole', latencySamples);
  const [directFirst, relayedFirst] = await latencies(urls, 'stream', latencySamples);
  const added = (share: number) => percentile(relayed, share) - percentile(direct, share);
  return [
    { name: 'direct, p50', value: percentile(direct, 0.5), unit: 'ms' },
    { name: 'added latency, p50', value: added(0.5), unit: 'ms', target: { atMost: 0.5 } },
    { name: 'added latency, p99', value: added(0.99), unit: 'ms', target: { atMost: 3 } },
    {
      name: 'added time to the first byte of a stream, p50',
      value: percentile(relayedFirst, 0.5) - percentile(directFirst, 0.5),
      unit: 'ms',
      target: { atMost: 1 },
    },
  ];
}

async function streams({ relay }: Surroundings, note: Note): Promise<Figure[]> {
  note(`${concurrentStreams} streams at once.`);
  const { peakMiB } = await holdStreams(relay, concurrentStreams);
  return [{ name: 'memory with 1,000 streams', value: peakMiB, unit: 'MiB', target: { atMost: 200 } }];
}

async function billingError({ countTokens }: Surroundings, expected: number, note: Note): Promise<Figure> {
  note('Waiting for the last events.');
  let counted = 0;
  for (let waitedMs = 0; counted < expected && waitedMs < 10_000; waitedMs += 200) {
    await delay(200);
    counted = await countTokens();
  }
  const error = (Math.abs(counted - expected) / expected) * 1e6;
  return { name: 'billing error', value: error, unit: 'ppm', target: { atMost: 0 } };
}
