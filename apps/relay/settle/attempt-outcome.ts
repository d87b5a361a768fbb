import type { AttemptOutcome } from '#contracts/usage-event.js';
import type { UsageAnomaly } from '#usage/usage.js';
import type { AnswerEnd } from '../forward/answer.js';

/** The one terminal state of an attempt. */
export function outcomeOf({ sent, httpStatus, usage, clientLeft, error }: AnswerEnd): AttemptOutcome {
  // Only what the upstream cannot have worked on, or refused itself, is failed: that is billed by nobody. One that
  // points elsewhere may have done its work.
  if (!sent) return 'failed';
  if (httpStatus !== undefined && httpStatus >= 400) return 'failed';
  if (clientLeft) return 'aborted';
  // A stream may also break off in good order as far as HTTP can tell. Its usage is then a count under way.
  if (error !== undefined || usage?.completeness === 'partial') return 'broken';
  return usage?.completeness === 'missing' && usage.anomalies.some(isStreamError) ? 'broken' : 'completed';
}

/** The upstream gave up in the middle of a stream, and said so where HTTP could not any more. */
const isStreamError = ({ code }: UsageAnomaly): boolean => code === 'stream_error';
