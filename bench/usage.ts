import type { UsageApi } from '#usage/usage-api.js';
import { usageReader } from '#usage/usage-reader.js';
import { type Figure, type Note, percentile } from './benchmark.js';
import { type Body, inChunksOf, makeBody, shapes } from './usage/bodies.js';
import { type Loopback, startLoopback } from './usage/loopback.js';

const defaultSmallBodies = 1_000;
const largeBytes = 1_000_000;
const smallBytes = 4_000;
const chunkBytes = 64 * 1024;
/** Of the large body in one round. */
const largeBodies = 20;
const rounds = 9;
const warmUps = 3;
/** Reading may add so much to what it costs to carry the bytes. */
const target = { atMost: 0.05 };

interface Subject {
  readonly api: UsageApi;
  readonly name: string;
  readonly body: Body;
  readonly chunks: readonly Buffer[];
  /** How often it is read in a round. */
  readonly times: number;
}

/** Reading usage out of streams, against copying their bytes, carrying them over HTTP and parsing all their JSON. */
export async function benchUsage(note: Note, smallBodies = defaultSmallBodies): Promise<Figure[]> {
  const loopback = await startLoopback();
  const figures: Figure[] = [];
  try {
    for (const subject of subjectsOf(smallBodies)) {
      note(`${subject.name}: ${rounds} rounds, by turns.`);
      figures.push(...(await measure(subject, loopback)));
    }
  } finally {
    await loopback.close();
  }
  return figures;
}

function subjectsOf(smallBodies: number): Subject[] {
  return Object.entries(shapes).flatMap(([name, shape]) => {
    const api = name as UsageApi;
    return [
      { size: 'a 1 MB body', body: makeBody(shape, largeBytes), times: largeBodies },
      { size: `${smallBodies} bodies of 4 kB`, body: makeBody(shape, smallBytes), times: smallBodies },
    ].flatMap(({ size, body, times }) => [
      { api, name: `${api}, ${size}, in 64 KB chunks`, body, times, chunks: inChunksOf(chunkBytes, body.events) },
      { api, name: `${api}, ${size}, event by event`, body, times, chunks: body.events },
    ]);
  });
}

async function measure({ api, name, body, chunks, times }: Subject, loopback: Loopback): Promise<Figure[]> {
  const room = Buffer.alloc(Math.max(...chunks.map(({ length }) => length)));
  const works = {
    read: () => {
      const reader = usageReader({ provider: 'bench', api }, 'sse');
      for (const chunk of chunks) reader.push(chunk);
      if (reader.end().completeness !== 'final') throw new Error(`The usage of ${name} was not read.`);
    },
    copy: () => {
      for (const chunk of chunks) chunk.copy(room);
    },
    parse: () => {
      for (const payload of body.payloads) JSON.parse(payload.toString());
    },
    carry: () => loopback.pass(chunks),
  };
  const samples = { read: [] as number[], copy: [] as number[], parse: [] as number[], carry: [] as number[] };
  // By turns, so that a noisy neighbour disturbs all alike; the first rounds warm up.
  for (let round = 1 - warmUps; round <= rounds; round += 1) {
    for (const work of ['read', 'copy', 'parse', 'carry'] as const) {
      const ms = await elapsedMs(works[work], times);
      if (round > 0) samples[work].push(ms);
    }
  }
  const ms = (work: keyof typeof samples): number => percentile(samples[work], 0.5);
  const megabytes = (chunks.reduce((sum, { length }) => sum + length, 0) * times) / 1e6;
  return [
    { name: `${name}: read`, value: (megabytes / ms('read')) * 1000, unit: 'MB/s' },
    { name: '  every event parsed as JSON', value: (megabytes / ms('parse')) * 1000, unit: 'MB/s' },
    { name: '  read ÷ carried over HTTP', value: ms('read') / ms('carry'), unit: '×', target },
    { name: '  read ÷ copied in memory', value: ms('read') / ms('copy'), unit: '×' },
  ];
}

async function elapsedMs(work: () => void | Promise<void>, times: number): Promise<number> {
  const startedMs = performance.now();
  for (let i = 0; i < times; i += 1) await work();
  return performance.now() - startedMs;
}
