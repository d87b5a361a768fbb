import type { Stop, StopReason } from '../chat/chat-answer.js';
import type { Losses } from '../chat/losses.js';
import type { Members } from '../chat/members.js';

/** https://ai.google.dev/api/generate-content#FinishReason */
const read: ReadonlyMap<string, StopReason> = new Map(
  Object.entries({
    // A stop sequence that was met is told in no other way.
    STOP: 'end',
    MAX_TOKENS: 'length',
    // The limit of one request. What continues it is Google's own token, and not the answer sent back.
    CONTINUATION: 'length',
    SAFETY: 'content-filter',
    RECITATION: 'content-filter',
    BLOCKLIST: 'content-filter',
    PROHIBITED_CONTENT: 'content-filter',
    SPII: 'content-filter',
    MODEL_ARMOR: 'content-filter',
    IMAGE_SAFETY: 'content-filter',
    IMAGE_PROHIBITED_CONTENT: 'content-filter',
    IMAGE_RECITATION: 'content-filter',
    MALFORMED_FUNCTION_CALL: 'malformed-tool-call',
    UNEXPECTED_TOOL_CALL: 'malformed-tool-call',
  }),
);

/**
 * Google's gRPC clients ask for enums as numbers. The two APIs agree on these; what they number differently is unknown.
 * https://github.com/googleapis/googleapis/blob/master/google/cloud/aiplatform/v1/content.proto
 */
const numbered: ReadonlyMap<unknown, string> = new Map([
  [1, 'STOP'],
  [2, 'MAX_TOKENS'],
  [3, 'SAFETY'],
  [4, 'RECITATION'],
  [5, 'OTHER'],
  [7, 'PROHIBITED_CONTENT'],
  [8, 'SPII'],
]);

/** undefined while the answer goes on. */
export function readFinishReason(candidate: Members): string | undefined {
  const reason = candidate.value('finishReason');
  if (typeof reason !== 'number') return candidate.string('finishReason');
  return numbered.get(reason) ?? (reason === 0 ? undefined : `number ${reason}`);
}

const written: Readonly<Record<StopReason, string>> = {
  end: 'STOP',
  length: 'MAX_TOKENS',
  'stop-sequence': 'STOP',
  // Gemini stops no otherwise when it calls: the calls themselves are the sign.
  'tool-calls': 'STOP',
  'content-filter': 'SAFETY',
  refusal: 'SAFETY',
  pause: 'STOP',
  'context-exceeded': 'MAX_TOKENS',
  'malformed-tool-call': 'MALFORMED_FUNCTION_CALL',
};

/** What Gemini's reason for it cannot tell, and a client might have acted upon. */
const unsaid: Partial<Record<StopReason, string>> = {
  refusal: 'that the model itself declined is told as SAFETY',
  pause: 'that the answer goes on when it is sent back cannot be told',
  'context-exceeded': 'that the context was full is told as MAX_TOKENS',
};

export function readStop(reason: string, hasCalls: boolean, at: string, losses: Losses): Stop {
  const known = read.get(reason);
  if (known === undefined) losses.add(at, `${reason.slice(0, 64)} has no counterpart and is taken for the end`);
  if (hasCalls && (known ?? 'end') === 'end') return { reason: 'tool-calls' };
  return { reason: known ?? 'end' };
}

export function writeStop({ reason, sequence }: Stop, losses: Losses): string {
  const told = unsaid[reason];
  if (told !== undefined) losses.add('finishReason', told);
  if (sequence !== undefined) losses.hint('finishReason', 'which stop sequence was met');
  return written[reason];
}
