import type { Stop, StopReason } from '../chat/chat-answer.js';
import type { Losses } from '../chat/losses.js';

const STOP_REASON = 'stop_reason';

/** https://platform.claude.com/docs/en/build-with-claude/handling-stop-reasons */
const read: ReadonlyMap<string, StopReason> = new Map<string, StopReason>(
  Object.entries({
    end_turn: 'end',
    max_tokens: 'length',
    stop_sequence: 'stop-sequence',
    tool_use: 'tool-calls',
    pause_turn: 'pause',
    // The conversation was summed up in the middle of a turn: it goes on when the answer is sent back.
    compaction: 'pause',
    refusal: 'refusal',
    model_context_window_exceeded: 'context-exceeded',
  }),
);

const written: Readonly<Record<StopReason, string>> = {
  end: 'end_turn',
  length: 'max_tokens',
  'stop-sequence': 'stop_sequence',
  'tool-calls': 'tool_use',
  pause: 'pause_turn',
  refusal: 'refusal',
  // Anthropic's own filters end an answer with this reason too.
  'content-filter': 'refusal',
  'context-exceeded': 'model_context_window_exceeded',
  'malformed-tool-call': 'end_turn',
};

export function readStop(reason: string, sequence: string | undefined, losses: Losses): Stop {
  const known = read.get(reason);
  if (known === undefined) losses.add(STOP_REASON, `${reason.slice(0, 64)} is not known here and is taken for the end`);
  return { reason: known ?? 'end', ...(sequence !== undefined && { sequence }) };
}

/** The members of a message, or of its last delta, that say why it stopped. */
export function writeStop(stop: Stop | undefined, hasRefusal: boolean, losses: Losses) {
  const reason = hasRefusal && stop?.reason === 'end' ? 'refusal' : stop?.reason;
  if (reason === 'malformed-tool-call') losses.add(STOP_REASON, 'a malformed tool call is told as the end of the turn');
  return {
    stop_reason: reason === undefined ? null : written[reason],
    stop_sequence: stop?.sequence ?? null,
    stop_details: null,
  };
}
