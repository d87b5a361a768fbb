import { NoRespondersError, RequestError, TimeoutError } from '@nats-io/transport-node';
import type { Msg, NatsConnection, QueuedIterator, Status } from '@nats-io/transport-node';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import type { RequestContract } from '#contracts/requests/request.js';
import { requestError } from '#contracts/requests/request.js';
import { RequestFailure } from './request-failure.js';

export { RequestFailure } from './request-failure.js';

const DEFAULT_TIMEOUT_MS = 5_000;
/** A killed app answers again within this time. */
const RESTART_MAX_MS = 3_000;
const RETRY_MS = 100;

/**
 * Asks the app that answers this contract. Both ways are validated, so a version skew is told where it happens.
 * @throws RequestFailure with the answering app's code; `unavailable` when nobody answers in time.
 */
export async function ask<Request extends z.ZodType, Reply extends z.ZodType>(
  nc: NatsConnection,
  contract: RequestContract<Request, Reply>,
  request: z.input<Request>,
  o: { timeoutMs?: number } = {},
): Promise<z.output<Reply>> {
  const question = contract.request.safeParse(request);
  if (!question.success) throw new RequestFailure('invalid', `${contract.subject}: ${z.prettifyError(question.error)}`);
  const answer = await send(nc, contract.subject, JSON.stringify(question.data), o.timeoutMs ?? DEFAULT_TIMEOUT_MS);
  const body = readJson(answer);
  const failure = requestError.safeParse(body);
  if (failure.success) throw new RequestFailure(failure.data.error.code, failure.data.error.message);
  const reply = contract.reply.safeParse(body);
  if (!reply.success) {
    throw new RequestFailure(
      'internal',
      `${contract.subject} answered against its contract: ${z.prettifyError(reply.error)}`,
    );
  }
  return reply.data;
}

/**
 * Sends the question, and again when its answer may be lost: after an outage of the broker, and for a moment when nobody
 * answers, because an app that was killed is back within it. Asking twice is as good as once: see requestContract.
 */
async function send(nc: NatsConnection, subject: string, body: string, timeoutMs: number): Promise<Msg> {
  const start = performance.now();
  for (;;) {
    const passedMs = performance.now() - start;
    try {
      const answer = await sendOnce(nc, subject, body, Math.max(1, timeoutMs - passedMs));
      if (answer !== undefined) return answer;
    } catch (error) {
      if (error instanceof TimeoutError) {
        const message = `${subject} did not answer within ${timeoutMs} ms.`;
        throw new RequestFailure('unavailable', message, { cause: error });
      }
      if (!isNobodyThere(error)) {
        throw new RequestFailure('unavailable', `${subject} could not be asked.`, { cause: error });
      }
      if (passedMs + RETRY_MS > Math.min(timeoutMs, RESTART_MAX_MS)) {
        const message = `Nobody answers ${subject}: the app that does is not running.`;
        throw new RequestFailure('unavailable', message, { cause: error });
      }
      await delay(RETRY_MS);
    }
  }
}

/** @returns undefined when the connection was lost and is back: the question or its answer may be lost with it. */
async function sendOnce(
  nc: NatsConnection,
  subject: string,
  body: string,
  timeoutMs: number,
): Promise<Msg | undefined> {
  // Typed as any iterable, but only by its own `stop` does it end while it waits.
  const status = nc.status() as QueuedIterator<Status>;
  try {
    return await Promise.race([nc.request(subject, body, { timeout: timeoutMs }), reconnected(status)]);
  } finally {
    status.stop();
  }
}

const isNobodyThere = (error: unknown) =>
  error instanceof NoRespondersError || (error instanceof RequestError && error.isNoResponders());

/** Resolves when the connection has come back after an outage, and never without one. */
async function reconnected(status: AsyncIterable<Status>): Promise<undefined> {
  for await (const { type } of status) if (type === 'reconnect') return undefined;
  return new Promise(() => undefined);
}

/** Undefined for what is not JSON: no contract allows it. */
function readJson(answer: Msg): unknown {
  try {
    return answer.json();
  } catch {
    return undefined;
  }
}
