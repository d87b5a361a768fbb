import type { IncomingHttpHeaders } from 'node:http';

/** In which the SDKs of OpenAI and Anthropic tell after how many seconds they give up. */
const TIMEOUT_HEADER = 'x-stainless-timeout';

/** @returns undefined when the client does not say for how long it waits. */
export function readPatience(headers: IncomingHttpHeaders): number | undefined {
  const told = headers[TIMEOUT_HEADER];
  const seconds = typeof told === 'string' && /^\d+(\.\d+)?$/.test(told) ? Number(told) : 0;
  return seconds > 0 ? seconds * 1000 : undefined;
}
