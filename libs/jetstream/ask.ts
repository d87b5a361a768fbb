import { NoRespondersError, RequestError, TimeoutError } from '@nats-io/transport-node';
import type { Msg, NatsConnection } from '@nats-io/transport-node';
import { z } from 'zod';
import type { RequestContract } from '#contracts/requests/request.js';
import { requestError } from '#contracts/requests/request.js';
import { RequestFailure } from './request-failure.js';

export { RequestFailure } from './request-failure.js';

const DEFAULT_TIMEOUT_MS = 5_000;

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

async function send(nc: NatsConnection, subject: string, body: string, timeoutMs: number): Promise<Msg> {
  try {
    return await nc.request(subject, body, { timeout: timeoutMs });
  } catch (error) {
    if (error instanceof NoRespondersError || (error instanceof RequestError && error.isNoResponders())) {
      throw new RequestFailure('unavailable', `Nobody answers ${subject}: the app that does is not running.`, {
        cause: error,
      });
    }
    if (error instanceof TimeoutError) {
      throw new RequestFailure('unavailable', `${subject} did not answer within ${timeoutMs} ms.`, { cause: error });
    }
    throw new RequestFailure('unavailable', `${subject} could not be asked.`, { cause: error });
  }
}

/** Undefined for what is not JSON: no contract allows it. */
function readJson(answer: Msg): unknown {
  try {
    return answer.json();
  } catch {
    return undefined;
  }
}
