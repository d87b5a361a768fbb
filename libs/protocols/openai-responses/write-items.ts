import type { JsonObject } from '#usage/json.js';
import type { OpenedPart } from '../chat/chat-answer.js';
import type { Target } from '../chat/chat-protocol.js';
import type {
  AssistantPart,
  Citation,
  ImagePart,
  ReasoningPart,
  RefusalPart,
  TextPart,
  TokenLogprob,
  ToolCall,
} from '../chat/chat-request.js';
import { writeSignature } from '../openai/google-extra.js';
import { tellCacheMark } from './write-content.js';

/** What an item is wrapped in: in an answer it has an id and a status, in a history neither is needed. */
export interface ItemFrame {
  readonly inAnswer: boolean;
  /** Unique within the answer, and the same for the same answer. */
  readonly idOf: (prefix: string) => string;
  readonly status: 'in_progress' | 'completed' | 'incomplete';
}

/**
 * Whether a part goes into the item of the one before it: all of a message in a row, and the pieces of one thought,
 * whose signature comes with the last.
 */
export function joinsItem(last: AssistantPart, next: AssistantPart | OpenedPart): boolean {
  if (isSaid(last)) return isSaid(next);
  if (last.kind !== 'reasoning' || next.kind !== 'reasoning') return false;
  if (last.id === undefined || last.id !== next.id || (next.isSummary === true && last.isSummary !== true))
    return false;
  return last.signature === undefined && last.redacted === undefined && next.redacted === undefined;
}

function isSaid({ kind }: AssistantPart | OpenedPart): boolean {
  return kind === 'text' || kind === 'refusal';
}

/** The parts of each item. */
export function itemsOf(parts: readonly AssistantPart[]): (readonly [AssistantPart, ...AssistantPart[]])[] {
  const items: [AssistantPart, ...AssistantPart[]][] = [];
  for (const part of parts) {
    const item = items.at(-1);
    const last = item?.at(-1);
    if (item !== undefined && last !== undefined && joinsItem(last, part)) item.push(part);
    else items.push([part]);
  }
  return items;
}

export function writeItem(
  parts: readonly [AssistantPart, ...AssistantPart[]],
  frame: ItemFrame,
  to: Target,
): JsonObject {
  for (const part of parts) tellCacheMark(part, to);
  const [first] = parts;
  switch (first.kind) {
    case 'text':
    case 'refusal':
      return writeMessage(parts as readonly (TextPart | RefusalPart)[], frame, to);
    case 'reasoning':
      return writeThoughts(parts as readonly ReasoningPart[], frame);
    case 'tool-call':
      return writeCall(first, frame, to);
    case 'image':
      return writeMadeImage(first, frame, to);
  }
}

function writeMessage(parts: readonly (TextPart | RefusalPart)[], frame: ItemFrame, to: Target): JsonObject {
  const content = parts.map((part) => {
    if (part.kind === 'refusal') return writeRefusal(part.text);
    return { ...writeText(part), ...writeOwnSignature(part, frame, to) };
  });
  return { ...writeFrame('message', 'msg', frame), role: 'assistant', content };
}

export function writeRefusal(refusal: string): JsonObject {
  return { type: 'refusal', refusal };
}

export function writeText({
  text,
  citations = [],
  logprobs = [],
}: Pick<TextPart, 'text' | 'citations' | 'logprobs'>): JsonObject {
  return {
    type: 'output_text',
    text,
    annotations: citations.map(writeCitation),
    logprobs: logprobs.map(writeLogprob),
  };
}

export function writeCitation({ url, title, start = 0, end = 0 }: Citation): JsonObject {
  return { type: 'url_citation', start_index: start, end_index: end, url, title: title ?? '' };
}

export function writeLogprob({ top = [], ...chosen }: TokenLogprob): JsonObject {
  return { ...chosen, top_logprobs: top };
}

function writeThoughts(parts: readonly ReasoningPart[], frame: ItemFrame): JsonObject {
  const last = parts.at(-1)!;
  const encrypted = last.redacted ?? last.signature;
  const shown = parts.filter(({ redacted }) => redacted === undefined);
  const content = shown.filter(({ isSummary }) => isSummary !== true);
  const { id: derived, ...wrapped } = writeFrame('reasoning', 'rs', frame);
  const id = last.id ?? derived;
  return {
    ...(id !== undefined && { id }),
    ...wrapped,
    summary: shown.filter(({ isSummary }) => isSummary === true).map(({ text }) => writeSummary(text)),
    ...(content.length > 0 && { content: content.map(({ text }) => writeThought(text)) }),
    ...(encrypted !== undefined && { encrypted_content: encrypted }),
  };
}

export const writeSummary = (text: string): JsonObject => ({ type: 'summary_text', text });
export const writeThought = (text: string): JsonObject => ({ type: 'reasoning_text', text });

function writeCall(call: ToolCall, frame: ItemFrame, to: Target): JsonObject {
  return {
    ...writeFrame('function_call', 'fc', frame),
    call_id: call.id,
    name: call.name,
    arguments: call.arguments,
    ...writeOwnSignature(call, frame, to),
  };
}

/** Clients send an answer's items back as they came. OpenAI refuses members that it does not know. */
function writeOwnSignature({ signature, at }: ToolCall | TextPart, { inAnswer }: ItemFrame, to: Target): JsonObject {
  if (inAnswer) return writeSignature(signature);
  if (signature !== undefined) to.losses.hint(at, 'only its own provider can read its signature');
  return {};
}

/** What a model drew is the result of a built-in tool. */
function writeMadeImage({ source, detail, at }: ImagePart, frame: ItemFrame, to: Target): JsonObject {
  if (detail !== undefined) to.losses.hint(at, 'in what detail an image of its own is looked at');
  const item = { ...writeFrame('image_generation_call', 'ig', frame), id: frame.idOf('ig'), status: frame.status };
  if (source.from === 'bytes') {
    const [, format = 'png'] = source.mediaType.split('/');
    return { ...item, result: source.base64, output_format: format };
  }
  to.losses.add(at, 'an image in an answer is its bytes, and not a URL');
  return { ...item, result: null };
}

function writeFrame(type: string, prefix: string, { inAnswer, idOf, status }: ItemFrame): JsonObject & { id?: string } {
  return inAnswer ? { id: idOf(prefix), type, status } : { type };
}
