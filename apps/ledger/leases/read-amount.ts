import { RequestFailure } from '#jetstream/request-failure.js';
import { AmountError, parseAmount, type Pico } from '#money/pico.js';

/** @throws RequestFailure `invalid` on what is no amount, instead of AmountError: the amount is the caller's. */
export function readAmount(text: string): Pico {
  try {
    return parseAmount(text);
  } catch (error) {
    if (error instanceof AmountError) throw new RequestFailure('invalid', error.message, { cause: error });
    throw error;
  }
}

/** @throws RequestFailure `invalid` also unless the amount is above zero. */
export function readWanted(text: string): Pico {
  const amount = readAmount(text);
  if (amount > 0n) return amount;
  throw new RequestFailure(
    'invalid',
    `A lease of ${text} holds nothing: ask for what the request may cost, also where that is not known exactly.`,
  );
}

/** What of it is needed now: all, unless it is named. */
export function readLeast(text: string | undefined, wanted: Pico): Pico {
  return text === undefined ? wanted : readAmount(text);
}
