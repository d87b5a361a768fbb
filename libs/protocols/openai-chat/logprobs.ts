import type { JsonObject } from '#usage/json.js';
import { defined } from '../chat/defined.js';
import type { TokenLogprob } from '../chat/chat-request.js';
import type { Members } from '../chat/members.js';

/** The log probabilities of a choice's text. */
export function readLogprobs(choice: Members): TokenLogprob[] {
  const logprobs = choice.object('logprobs');
  if (logprobs === undefined) return [];
  if (logprobs.objects('refusal').length > 0) {
    logprobs.losses.add(logprobs.pathOf('refusal'), 'there are no log probabilities of a refusal elsewhere');
  }
  return logprobs.objects('content').map((token) => {
    const top = token.objects('top_logprobs').map(readToken);
    return { ...readToken(token), ...(top.length > 0 && { top }) };
  });
}

function readToken(token: Members): Omit<TokenLogprob, 'top'> {
  const bytes = token.entries('bytes').map(({ value }) => value);
  return defined<Omit<TokenLogprob, 'top'>>({
    token: token.requiredString('token'),
    logprob: token.number('logprob') ?? token.missing('logprob'),
    bytes: bytes.length > 0 && bytes.every((byte): byte is number => Number.isSafeInteger(byte)) ? bytes : undefined,
  });
}

export function writeLogprobs(logprobs: readonly TokenLogprob[]): JsonObject {
  return {
    content: logprobs.map((one) => ({ ...writeToken(one), top_logprobs: (one.top ?? []).map(writeToken) })),
    refusal: null,
  };
}

function writeToken({ token, logprob, bytes }: Omit<TokenLogprob, 'top'>): JsonObject {
  return { token, logprob, bytes: bytes ?? null };
}
