import type { JsonObject } from '#usage/json.js';
import type { TokenLogprob } from '../chat/chat-request.js';
import type { Members } from '../chat/members.js';
import { listOf } from './list-of.js';

type Alternative = Omit<TokenLogprob, 'top'>;

/** https://ai.google.dev/api/generate-content#LogprobsResult: the chosen tokens, and beside them the likeliest at each step. */
export function readLogprobs(result: Members): TokenLogprob[] {
  // The sum of what follows.
  result.ignore('logProbabilitySum');
  const tops = listOf(result, 'topCandidates').map((top) => listOf(top, 'candidates').map(readAlternative));
  return listOf(result, 'chosenCandidates').map((chosen, index) => {
    const top = tops[index];
    return { ...readAlternative(chosen), ...(top && { top }) };
  });
}

function readAlternative(candidate: Members): Alternative {
  // A number in Google's own vocabulary.
  candidate.ignore('tokenId');
  // Google leaves out what is zero or empty.
  return { token: candidate.string('token') ?? '', logprob: candidate.number('logProbability') ?? 0 };
}

/** undefined when there are none. */
export function writeLogprobs(logprobs: readonly TokenLogprob[]): JsonObject | undefined {
  if (logprobs.length === 0) return undefined;
  const hasTop = logprobs.some(({ top }) => top !== undefined);
  return {
    chosenCandidates: logprobs.map(writeAlternative),
    ...(hasTop && { topCandidates: logprobs.map(({ top }) => ({ candidates: (top ?? []).map(writeAlternative) })) }),
  };
}

function writeAlternative({ token, logprob }: Alternative): JsonObject {
  return { token, logProbability: logprob };
}
