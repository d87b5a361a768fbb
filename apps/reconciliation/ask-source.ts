import type { NatsConnection } from '@nats-io/transport-node';
import type { z } from 'zod';
import type { RequestContract } from '#contracts/requests/request.js';
import { ask } from '#jetstream/ask.js';
import { RequestFailure } from '#jetstream/request-failure.js';

/**
 * Asks another app within a run.
 * @throws RequestFailure as `ask` does, but `internal` for `invalid`: the question is made of stored data, so whoever
 * asked for the run has nothing to correct.
 */
export async function askSource<Request extends z.ZodType, Reply extends z.ZodType>(
  connection: NatsConnection,
  contract: RequestContract<Request, Reply>,
  request: z.input<Request>,
  o: { timeoutMs?: number } = {},
): Promise<z.output<Reply>> {
  try {
    return await ask(connection, contract, request, o);
  } catch (error) {
    if (!(error instanceof RequestFailure) || error.code !== 'invalid') throw error;
    const message = `${contract.subject} refused what the run asked of it: ${error.message}`;
    throw new RequestFailure('internal', message, { cause: error });
  }
}
