import { RequestFailure } from '#jetstream/request-failure.js';
import { AmountError } from '#money/pico.js';
import { isPassing } from '#postgres/postgres-failure.js';
import { refusedValue } from './refused-value.js';

/** Tells the caller what it can do something about; what is left is this program's fault, and logged as such. */
export async function answer<Reply>(reply: Promise<Reply>): Promise<Reply> {
  try {
    return await reply;
  } catch (error) {
    if (error instanceof AmountError) throw new RequestFailure('invalid', error.message, { cause: error });
    const refused = refusedValue(error);
    if (refused !== undefined) throw new RequestFailure('invalid', `The ledger cannot hold this: ${refused}.`);
    if (isPassing(error)) throw new RequestFailure('unavailable', 'The ledger cannot reach its database: try again.');
    throw error;
  }
}
