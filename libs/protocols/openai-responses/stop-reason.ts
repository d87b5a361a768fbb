import type { JsonObject } from '#usage/json.js';
import type { Stop, StopReason } from '../chat/chat-answer.js';
import type { AssistantPart } from '../chat/chat-request.js';
import type { Members } from '../chat/members.js';
import type { Target } from '../chat/chat-protocol.js';

type Kinds = ReadonlySet<AssistantPart['kind']>;

/** A completed answer does not say why it ended: what it holds does. undefined while it is not at its end. */
export function readStop(response: Members, kinds: Kinds): Stop | undefined {
  const status = response.string('status');
  const reason = response.object('incomplete_details')?.string('reason');
  switch (status) {
    case 'queued':
    case 'in_progress':
    case 'cancelled':
      return undefined;
    case 'incomplete':
      return readIncomplete(response, reason);
    default:
      if (kinds.has('tool-call')) return { reason: 'tool-calls' };
      return { reason: kinds.has('refusal') ? 'refusal' : 'end' };
  }
}

function readIncomplete(response: Members, reason: string | undefined): Stop {
  if (reason === 'content_filter') return { reason: 'content-filter' };
  if (reason !== 'max_output_tokens') {
    response.losses.add(response.pathOf('incomplete_details'), 'why it is incomplete is not known here: it is cut off');
  }
  return { reason: 'length' };
}

/** The two reasons that an answer can be incomplete for; the others are those of a completed one. */
const incomplete: Partial<Record<StopReason, string>> = {
  length: 'max_output_tokens',
  'context-exceeded': 'max_output_tokens',
  pause: 'max_output_tokens',
  'content-filter': 'content_filter',
  // Without words of refusal: nobody but a filter ends an answer like that here.
  refusal: 'content_filter',
  'malformed-tool-call': 'content_filter',
};

export interface WrittenStop {
  readonly status: 'completed' | 'incomplete';
  readonly incomplete_details: JsonObject | null;
}

export function writeStop(stop: Stop | undefined, kinds: Kinds, to: Target): WrittenStop {
  const reason = stop?.reason ?? 'end';
  if (stop?.sequence !== undefined) to.losses.hint('stop_sequence', 'which stop sequence was met');
  if (reason === 'context-exceeded')
    to.losses.hint('stop_reason', 'a full context is told as a limit of output tokens');
  if (reason === 'pause') to.losses.add('stop_reason', 'a pause is told as an incomplete answer');
  if (reason === 'malformed-tool-call') {
    to.losses.add('stop_reason', 'a malformed tool call is told as an incomplete answer');
  }
  const why = reason === 'refusal' && kinds.has('refusal') ? undefined : incomplete[reason];
  return why === undefined
    ? { status: 'completed', incomplete_details: null }
    : { status: 'incomplete', incomplete_details: { reason: why } };
}
