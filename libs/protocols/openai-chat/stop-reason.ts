import type { Stop, StopReason } from '../chat/chat-answer.js';
import type { Target } from '../chat/chat-protocol.js';
import type { Members } from '../chat/members.js';

/** OpenAI's five, and the words of other servers of this protocol. */
const reasons: Readonly<Record<string, StopReason>> = {
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
};

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
  else if (reasons[reason] === undefined) choice.losses.add(at, 'this reason is not known here');
  const known = reason !== undefined && brokenOff.has(reason) ? 'length' : (reasons[reason ?? 'stop'] ?? 'end');
  if (known !== 'end') return { reason: known };
  if (sequence !== undefined) return { reason: 'stop-sequence', sequence };
  // A call that the client forced ends with `stop`, as does a refusal.
  if (held.calls) return { reason: 'tool-calls' };
  return { reason: held.refusal ? 'refusal' : 'end' };
}

const words: Readonly<Record<StopReason, string>> = {
  end: 'stop',
  length: 'length',
  'stop-sequence': 'stop',
  'tool-calls': 'tool_calls',
  'content-filter': 'content_filter',
  // Without words of refusal: nobody but a filter ends an answer like that here.
  refusal: 'content_filter',
  pause: 'stop',
  'context-exceeded': 'length',
  'malformed-tool-call': 'stop',
};

/** The members of a choice that say why it ended. */
export function writeFinish({ reason, sequence }: Stop, held: Held, to: Target) {
  if (reason === 'pause') to.losses.add('stop_reason', 'this protocol knows no pause: the turn looks finished');
  if (reason === 'malformed-tool-call')
    to.losses.add('stop_reason', 'this protocol does not say that a tool call is malformed');
  const word = reason === 'refusal' && held.refusal ? 'stop' : words[reason];
  // vLLM's member: OpenAI does not say which sequence was met.
  return { finish_reason: word, ...(sequence !== undefined && { stop_reason: sequence }) };
}
