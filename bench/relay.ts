import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type Figure, type Note, percentile } from './benchmark.js';
import { connections, latencies, load, type Target } from './relay/load.js';
import { type Portkey, startPortkey } from './relay/portkey.js';
import { cpuMs } from './relay/process-use.js';
import { holdStreams } from './relay/streams.js';
import { type Serving, surround, type Surroundings } from './relay/surroundings.js';

const defaultRequests = 40_000;
const rounds = 4;
const warmUpRequests = 3_000;
const latencySamples = 2_000;
const concurrentStreams = 1_000;
const tokensPerRequest = 120;
/** One that takes ten times as long gets so many times fewer requests. */
const fewerOfPortkey = 10;
const decisions = 20_000;
const decidedChannels = 4;

/** The relay with all metering on, against a bare node:http + undici proxy before the same upstream. */
export async function benchRelay(note: Note, requests = defaultRequests): Promise<Figure[]> {
  const surroundings = await surround();
  try {
    const { upstream, bareProxy, relay, relayOfTwo } = surroundings;
    const portkey = await startPortkey(surroundings);
    if (portkey === undefined) note('Portkey’s gateway is not installed: bench/README.md says how it is measured too.');
    else await load(portkey, warmUpRequests / fewerOfPortkey);
    for (const target of [upstream, bareProxy, relay, relayOfTwo]) await load(target, warmUpRequests);
    const perRound = Math.ceil(requests / rounds);
    const figures = [
      ...(await throughput({ ...surroundings, portkey }, perRound, note)),
      ...(await addedLatency(surroundings, note)),
      ...(await streams(surroundings, note)),
      await decisionCost(surroundings, note),
    ];
    const sent = 2 * (warmUpRequests + perRound * rounds) + 2 * latencySamples + concurrentStreams;
    return [...figures, await billingError(surroundings, sent * tokensPerRequest, note)];
  } finally {
    await surroundings.stop();
  }
}

interface Ways extends Surroundings {
  readonly portkey: Portkey | undefined;
}

async function throughput(ways: Ways, perRound: number, note: Note): Promise<Figure[]> {
  const { portkey } = ways;
  note(
    `${perRound * rounds} requests over ${connections} connections, through the bare proxy and the relays by turns.`,
  );
  const [bare, one, two] = [
    new Turn(ways.bareProxy, perRound),
    new Turn(ways.relay, perRound),
    new Turn(ways.relayOfTwo, perRound),
  ];
  const other = portkey && new Turn(portkey, Math.ceil(perRound / fewerOfPortkey));
  for (let round = 0; round < rounds; round += 1) {
    for (const turn of [bare, one, two, ...(other === undefined ? [] : [other])]) await turn.take();
  }
  return [
    { name: 'bare proxy', value: bare.perSecond, unit: 'requests/s' },
    { name: 'relay, all metering on', value: one.perSecond, unit: 'requests/s' },
    { name: 'relay / bare proxy', value: one.perSecond / bare.perSecond, unit: '', target: { atLeast: 0.7 } },
    { name: 'relay of 2 workers / bare proxy', value: two.perSecond / bare.perSecond, unit: '' },
    { name: 'bare proxy, CPU per request', value: bare.cpuPerRequestMs, unit: 'ms' },
    { name: 'relay, CPU per request', value: one.cpuPerRequestMs, unit: 'ms' },
    ...(other === undefined ? [] : besidePortkey(one, other, portkey!.version)),
  ];
}

function besidePortkey(relay: Turn, other: Turn, version: string): Figure[] {
  return [
    { name: `Portkey's gateway ${version}`, value: other.perSecond, unit: 'requests/s' },
    { name: "relay / Portkey's gateway", value: relay.perSecond / other.perSecond, unit: '', target: { atLeast: 10 } },
    { name: "Portkey's gateway, CPU per request", value: other.cpuPerRequestMs, unit: 'ms' },
  ];
}

/** What one of several has taken, whose turns come one after the other. */
class Turn {
  #requests = 0;
  #ms = 0;
  #cpuMs = 0;

  constructor(
    private readonly serving: Serving & Target,
    private readonly requests: number,
  ) {}

  async take(): Promise<void> {
    const before = cpuMs(this.serving.pid);
    this.#ms += await load(this.serving, this.requests);
    this.#cpuMs += cpuMs(this.serving.pid) - before;
    this.#requests += this.requests;
  }

  get perSecond(): number {
    return (this.#requests * 1000) / this.#ms;
  }

  get cpuPerRequestMs(): number {
    return this.#cpuMs / this.#requests;
  }
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

async function decisionCost({ fork, relaySettings }: Surroundings, note: Note): Promise<Figure> {
  note(`${decisions} decisions, with ${decidedChannels} channels, and a policy with limits at every level of the key.`);
  const args = [String(decisions)];
  const env = await relaySettings('decisions', decidedChannels);
  const { cpuMs: value } = await fork<{ cpuMs: number }>(join(import.meta.dirname, 'relay/decisions.js'), args, env);
  return { name: 'a decision: key, policy, route, admission', value, unit: 'ms of CPU', target: { atMost: 0.1 } };
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
