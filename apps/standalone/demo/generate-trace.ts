import type { TraceRow } from './trace.js';

/** 2026-01-01T00:00:00Z. */
const startMs = 1_767_225_600_000;
const meanGapMs = 180;

/**
 * A trace for when none is given, with sizes distributed like those of chat traffic (log-normal). The same seed gives
 * the same requests on every machine.
 */
export function generateTrace(count: number, seed = 1): TraceRow[] {
  const random = randomNumbers(seed);
  const logNormal = (median: number, sigma: number, max: number) =>
    Math.min(max, Math.round(median * Math.exp(sigma * standardNormal(random))));
  let atMs = startMs;
  return Array.from({ length: count }, () => {
    atMs += -Math.log(1 - random()) * meanGapMs;
    return { atMs, contextTokens: logNormal(800, 1, 16_000), generatedTokens: logNormal(130, 0.9, 2_000) };
  });
}

/** Box and Muller's transform. */
function standardNormal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** Mulberry32: numbers from 0 (inclusive) to 1 (exclusive). */
function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
