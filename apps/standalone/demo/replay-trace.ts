import { setTimeout as wait } from 'node:timers/promises';
import { Pool } from 'undici';
import { describeError } from '#telemetry/log.js';
import { planRequest, writeRequest, type HttpRequest } from './plan-request.js';
import type { TraceRow } from './trace.js';

/** At full speed, so many requests are under way at any time. */
const maxSpeedConcurrency = 32;
/** At the trace's own pace, so many at most: beyond, requests are sent late rather than without bound. */
const pacedConcurrency = 512;
/** How long a request is sent again while nobody answers its connection: longer than a relay takes to come back. */
const maxReconnectMs = 60_000;
const reconnectPauseMs = 200;

/** As fast as the relay answers, or so many times faster than the trace was. */
export type ReplaySpeed = 'max' | number;

export interface Replay {
  readonly requests: number;
  readonly failedRequests: number;
  /** Requests that were not answered 200, by what happened instead. */
  readonly failures: ReadonlyMap<string, { readonly count: number; readonly example: string }>;
  /** Requests sent again because the connection was refused or broke: the relay may have counted the first one too. */
  readonly retriedConnections: number;
  readonly seconds: number;
}

export interface ReplayTarget {
  readonly relayUrl: string;
  readonly keys: readonly string[];
  readonly speed: ReplaySpeed;
  readonly onAnswer: () => void;
}

/** Sends every row as its planned request, and waits for every answer. */
export async function replayTrace(rows: readonly TraceRow[], target: ReplayTarget): Promise<Replay> {
  const concurrency = target.speed === 'max' ? maxSpeedConcurrency : pacedConcurrency;
  const pool = new Pool(target.relayUrl, { connections: concurrency });
  const failures = new Map<string, { count: number; example: string }>();
  const startedMs = performance.now();
  const firstMs = rows[0]?.atMs ?? 0;
  let failedRequests = 0;
  let retriedConnections = 0;
  let next = 0;

  const work = async () => {
    for (let index = next++; index < rows.length; index = next++) {
      const row = rows[index] as TraceRow;
      if (target.speed !== 'max') {
        const dueMs = startedMs + (row.atMs - firstMs) / target.speed;
        await wait(Math.max(0, dueMs - performance.now()));
      }
      const plan = planRequest(index, row);
      const outcome = await send(pool, writeRequest(plan, target.keys[plan.keyIndex] ?? ''));
      retriedConnections += outcome.retries;
      if (outcome.failure !== undefined) {
        failedRequests += 1;
        const { what, example } = outcome.failure;
        failures.set(what, { count: (failures.get(what)?.count ?? 0) + 1, example });
      }
      target.onAnswer();
    }
  };
  try {
    await Promise.all(Array.from({ length: Math.min(concurrency, rows.length) }, work));
  } finally {
    await pool.close();
  }
  const seconds = (performance.now() - startedMs) / 1000;
  return { requests: rows.length, failedRequests, failures, retriedConnections, seconds };
}

interface Outcome {
  readonly failure?: { readonly what: string; readonly example: string };
  readonly retries: number;
}

async function send(pool: Pool, { path, headers, body }: HttpRequest): Promise<Outcome> {
  const giveUpMs = performance.now() + maxReconnectMs;
  for (let retries = 0; ; retries += 1) {
    try {
      const response = await pool.request({ method: 'POST', path, headers, body });
      const text = await response.body.text();
      if (response.statusCode === 200) return { retries };
      return { retries, failure: { what: `${path} answered ${response.statusCode}`, example: errorMessage(text) } };
    } catch (error) {
      if (!isConnectionFailure(error) || performance.now() > giveUpMs) {
        return { retries, failure: { what: `${path} was not answered`, example: describeError(error) } };
      }
      await wait(reconnectPauseMs);
    }
  }
}

const connectionFailures = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET']);

function isConnectionFailure(error: unknown): boolean {
  return connectionFailures.has((error as NodeJS.ErrnoException).code ?? '');
}

/** Both protocols put it at the same place. It never quotes the request. */
function errorMessage(text: string): string {
  try {
    const { error } = JSON.parse(text) as { error?: { message?: string } };
    return error?.message ?? text.slice(0, 200);
  } catch {
    return text.slice(0, 200);
  }
}
