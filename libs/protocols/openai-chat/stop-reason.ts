import type { Stop, StopReason } from '../chat/chat-answer.js';
import type { Target } from '../chat/chat-protocol.js';
import type { Members } from '../chat/members.js';

/** OpenAI's five, and the words of other servers of this protocol. */
const reasons: ReadonlyMap<string, StopReason> = new Map(
  Object.entries({
    stop: 'end',
    length: 'length',
    tool_calls: 'tool-calls',
    content_filter: 'content-filter',
    function_call: 'tool-calls',
    eos: 'end',
    // Mistral: the model's context is full.
    model_length: 'context-exceeded',
    // Z.ai
    sensitive: 'content-filter',
  }),
);

/** The provider could not go on: OpenRouter and Mistral, DeepSeek, Z.ai. What came so far is cut off. */
const brokenOff: ReadonlySet<string> = new Set(['error', 'insufficient_system_resource', 'network_error']);

/** What a choice says of its end. It may stand in several chunks. */
export interface Finish {
  readonly reason?: string;
  readonly sequence?: string;
}

export function readFinish(choice: Members): Finish {
  const reason = choice.string('finish_reason') || undefined;
  // What was met is named by vLLM and SGLang: the stop sequence, or the number of a token.
  const met = [choice.value('stop_reason'), choice.value('matched_stop')].find((one) => typeof one === 'string');
  return { ...(reason !== undefined && { reason }), ...(met !== undefined && { sequence: met }) };
}

/** What the choice holds: `stop` does not say why it is the end. */
export interface Held {
  readonly calls: boolean;
  readonly refusal: boolean;
}

export function stopOf({ reason, sequence }: Finish, held: Held, choice: Pick<Members, 'losses' | 'at'>): Stop {
  const at = `${choice.at}.finish_reason`;
  if (reason === undefined) choice.losses.hint(at, 'it is not said; the answer is taken for finished');
  else if (brokenOff.has(reason)) choice.losses.add(at, 'the provider broke the answer off');
  else if (reasons.get(reason) === undefined) choice.losses.add(at, 'this reason is not known here');
  const known = reason !== undefined && brokenOff.has(reason) ? 'length' : (reasons.get(reason ?? 'stop') ?? 'end');
  if (known !== 'end') return { reason: known };
  if (sequence !== undefined) return { reason: 'stop-sequence', sequence };
  // A call that the client forced ends with `stop`, as does a refusal.
  if (held.calls) return { reason: 'tool-calls' };
  return { reason: held.refusal ? 'refusal' : 'end' };
}

/** The word for each reason, and what it leaves unsaid. */
const words: Readonly<Record<StopReason, { readonly word: string; readonly unsaid?: string }>> = {
  end: { word: 'stop' },
  length: { word: 'length' },
  'stop-sequence': { word: 'stop' },
  'tool-calls': { word: 'tool_calls' },
  'content-filter': { word: 'content_filter' },
  refusal: { word: 'content_filter', unsaid: 'a refusal without words looks like a filter' },
  pause: { word: 'stop', unsaid: 'a pause looks like the end of the turn' },
  'context-exceeded': { word: 'length', unsaid: 'a full context looks like the limit of output' },
  'malformed-tool-call': { word: 'stop', unsaid: 'a malformed tool call looks like the end of the turn' },
};

/** The members of a choice that say why it ended. */
export function writeFinish({ reason, sequence }: Stop, held: Held, to: Target) {
  // A refusal in words ends as an answer does.
  const { word, unsaid } = reason === 'refusal' && held.refusal ? words.end : words[reason];
  if (unsaid !== undefined) to.losses.add('finish_reason', unsaid);
  // vLLM's member: OpenAI does not say which sequence was met.
  return { finish_reason: word, ...(sequence !== undefined && { stop_reason: sequence }) };
}
