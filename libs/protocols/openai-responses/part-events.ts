import type { JsonObject } from '#usage/json.js';
import type { OpenedPart, PartDelta } from '../chat/chat-answer.js';
import type { AssistantPart, Citation, TokenLogprob } from '../chat/chat-request.js';
import { writeCitation, writeLogprob, writeRefusal, writeSummary, writeText, writeThought } from './write-items.js';

/** A part while it is written. */
export interface Draft {
  readonly opens: OpenedPart;
  /** Its place in the item's content, or in its summary. */
  readonly index: number;
  text: string;
  signature: string | undefined;
  ended: boolean;
  readonly citations: Citation[];
  readonly logprobs: TokenLogprob[];
}

/** The type of an event, and what it says beside which item it is about. */
type PartEvent = readonly [type: string, members: JsonObject];

export function draftOf(opens: OpenedPart, index: number): Draft {
  const signature = opens.kind === 'tool-call' ? opens.signature : undefined;
  return { opens, index, text: '', signature, ended: false, citations: [], logprobs: [] };
}

export function partOf({ opens, text, signature, citations, logprobs }: Draft): AssistantPart {
  // A loss is told by the kind of part: a stream has no places.
  const at = `choices.0.${opens.kind}`;
  const signed = signature === undefined ? {} : { signature };
  switch (opens.kind) {
    case 'text':
      return { ...opens, at, text, citations, logprobs, ...signed };
    case 'refusal':
      return { ...opens, at, text };
    case 'reasoning':
      return { ...opens, at, text, ...signed };
    case 'tool-call':
      return { ...opens, at, arguments: text, ...signed };
    case 'image':
      return opens;
  }
}

export function openedEvents({ opens, index }: Draft): PartEvent[] {
  switch (opens.kind) {
    case 'text':
      return [['response.content_part.added', { content_index: index, part: writeText({ text: '' }) }]];
    case 'refusal':
      return [['response.content_part.added', { content_index: index, part: writeRefusal('') }]];
    case 'reasoning':
      if (opens.redacted !== undefined) return [];
      return opens.isSummary === true
        ? [['response.reasoning_summary_part.added', { summary_index: index, part: writeSummary('') }]]
        : [['response.content_part.added', { content_index: index, part: writeThought('') }]];
    case 'tool-call':
      return [];
    case 'image':
      return [['response.image_generation_call.in_progress', {}]];
  }
}

/** A signature comes with the finished item. */
export function deltaEvents(draft: Draft, { text, citation, logprobs }: PartDelta): PartEvent[] {
  const { opens, index } = draft;
  const events: PartEvent[] = [];
  if (text !== undefined || logprobs !== undefined) events.push(textEvent(draft, text ?? '', logprobs ?? []));
  if (opens.kind === 'text' && citation !== undefined) {
    const place = { content_index: index, annotation_index: draft.citations.length - 1 };
    events.push(['response.output_text.annotation.added', { ...place, annotation: writeCitation(citation) }]);
  }
  return events;
}

function textEvent({ opens, index }: Draft, delta: string, logprobs: readonly TokenLogprob[]): PartEvent {
  switch (opens.kind) {
    case 'refusal':
      return ['response.refusal.delta', { content_index: index, delta }];
    case 'reasoning':
      return opens.isSummary === true
        ? ['response.reasoning_summary_text.delta', { summary_index: index, delta }]
        : ['response.reasoning_text.delta', { content_index: index, delta }];
    case 'tool-call':
      return ['response.function_call_arguments.delta', { delta }];
    case 'text':
    case 'image':
      return ['response.output_text.delta', { content_index: index, delta, logprobs: logprobs.map(writeLogprob) }];
  }
}

export function doneEvents(draft: Draft): PartEvent[] {
  const { opens, index, text, logprobs } = draft;
  switch (opens.kind) {
    case 'text':
      return [
        ['response.output_text.done', { content_index: index, text, logprobs: logprobs.map(writeLogprob) }],
        ['response.content_part.done', { content_index: index, part: writeText(draft) }],
      ];
    case 'refusal':
      return [
        ['response.refusal.done', { content_index: index, refusal: text }],
        ['response.content_part.done', { content_index: index, part: writeRefusal(text) }],
      ];
    case 'reasoning':
      return thoughtEvents(draft, opens);
    case 'tool-call':
      return [['response.function_call_arguments.done', { name: opens.name, arguments: text }]];
    case 'image':
      return [['response.image_generation_call.completed', {}]];
  }
}

function thoughtEvents(
  { index, text }: Draft,
  { redacted, isSummary }: OpenedPart & { kind: 'reasoning' },
): PartEvent[] {
  if (redacted !== undefined) return [];
  if (isSummary === true) {
    return [
      ['response.reasoning_summary_text.done', { summary_index: index, text }],
      ['response.reasoning_summary_part.done', { summary_index: index, part: writeSummary(text) }],
    ];
  }
  return [
    ['response.reasoning_text.done', { content_index: index, text }],
    ['response.content_part.done', { content_index: index, part: writeThought(text) }],
  ];
}
