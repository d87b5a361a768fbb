import { type AnswerEnd, CutOff } from '../forward/answer.js';
import { isBlamed } from '../forward/upstream-failure.js';
import type { Verdict } from '../route/breaker.js';
import { outcomeOf } from './attempt-outcome.js';

/** What an attempt says of its channel. */
export function verdictOf(end: AnswerEnd): Verdict {
  // What it had said before we cut it off stands.
  if (end.httpStatus !== undefined && isBlamed(end.httpStatus)) return 'bad';
  if (end.error instanceof CutOff) return 'unknown';
  // A stream may break off in good order as far as HTTP can tell.
  return end.error !== undefined || outcomeOf(end) === 'broken' ? 'bad' : 'good';
}
