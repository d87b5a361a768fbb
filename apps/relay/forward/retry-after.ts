import type { IncomingHttpHeaders } from 'node:http';

/**
 * How long an upstream asks to be left alone. Seconds or a date (RFC 9110, 10.2.3); OpenAI and Azure also tell
 * milliseconds in `retry-after-ms`, which is the finer one.
 * @returns undefined when it says nothing that can be read.
 */
export function readRetryAfter(headers: IncomingHttpHeaders, nowMs: number): number | undefined {
  const ms = headers['retry-after-ms'];
  if (typeof ms === 'string' && /^\d+(\.\d+)?$/.test(ms)) return Math.ceil(Number(ms));
  const told = headers['retry-after'];
  if (told === undefined) return undefined;
  if (/^\d+(\.\d+)?$/.test(told)) return Math.ceil(Number(told) * 1000);
  const atMs = Date.parse(told);
  return Number.isNaN(atMs) ? undefined : Math.max(0, atMs - nowMs);
}
