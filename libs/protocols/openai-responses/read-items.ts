import { defined } from '../chat/defined.js';
import type {
  AssistantPart,
  Citation,
  ImagePart,
  ReasoningPart,
  TextPart,
  TokenLogprob,
  ToolCall,
} from '../chat/chat-request.js';
import type { Members } from '../chat/members.js';
import { readGoogleExtra } from '../openai/google-extra.js';
import { losePart, readContent, readImage } from './read-content.js';

/** The items that a model makes, and that a client sends back as what it said. */
export const assistantItems: ReadonlySet<string> = new Set([
  'message',
  'reasoning',
  'function_call',
  'image_generation_call',
]);

/** A part's `at` is its own place in the item; a tool call, an image and a hidden thought are the item itself. */
export function readAssistantItem(item: Members): AssistantPart[] {
  switch (itemType(item)) {
    case 'message':
      return readSaid(item);
    case 'reasoning':
      return readThoughts(item);
    case 'function_call':
      return [readCall(item)];
    case 'image_generation_call':
      return readMadeImage(item);
    default:
      return loseItem(item);
  }
}

/** A message may leave its type out. */
export function itemType(item: Members): string {
  return item.string('type') ?? (item.has('role') ? 'message' : item.missing('type'));
}

export const whyItemIsLost = (type: string) => `an item of type ${type.slice(0, 40)} has no counterpart elsewhere`;

export function loseItem(item: Members): [] {
  item.lose(whyItemIsLost(itemType(item)));
  return [];
}

function readSaid(item: Members): AssistantPart[] {
  // What was sent back is done, and its own id is known to its provider only.
  item.ignore('id', 'status', 'role');
  item.hint('phase', 'whether it is a comment or the final answer');
  return readContent(item, 'content', readSaidPart);
}

export function readSaidPart(part: Members): AssistantPart[] {
  // The SDKs' parse() adds it.
  part.ignore('parsed');
  switch (part.requiredString('type')) {
    case 'output_text':
    case 'input_text':
      return readText(part);
    case 'refusal':
      return [{ kind: 'refusal', at: part.at, text: part.requiredString('refusal') }];
    case 'input_image':
      return [readImage(part)];
    default:
      return losePart(part);
  }
}

function readText(part: Members): TextPart[] {
  const text = part.requiredString('text');
  const citations = part.objects('annotations').flatMap(readCitation);
  const logprobs = readLogprobs(part);
  const { signature } = readGoogleExtra(part);
  if (text === '') return [];
  return [
    defined<Omit<TextPart, 'cache'>>({
      kind: 'text',
      at: part.at,
      text,
      signature,
      citations: citations.length === 0 ? undefined : citations,
      logprobs: logprobs.length === 0 ? undefined : logprobs,
    }),
  ];
}

export function readCitation(annotation: Members): Citation[] {
  if (annotation.requiredString('type') !== 'url_citation') {
    annotation.lose('it cites a file that only this provider has');
    return [];
  }
  const [start, end] = [annotation.integer('start_index'), annotation.integer('end_index')];
  // Both must be given, so who does not know them gives an empty stretch.
  const isStretch = start !== undefined && end !== undefined && end > start;
  return [
    defined<Citation>({
      url: annotation.requiredString('url'),
      title: annotation.string('title') || undefined,
      start: isStretch ? start : undefined,
      end: isStretch ? end : undefined,
    }),
  ];
}

export function readLogprobs(part: Members): TokenLogprob[] {
  return part.objects('logprobs').map((entry) => {
    const top = entry.objects('top_logprobs').map(readLogprob);
    return { ...readLogprob(entry), ...(top.length > 0 && { top }) };
  });
}

function readLogprob(entry: Members): Omit<TokenLogprob, 'top'> {
  const token = entry.requiredString('token');
  const logprob = entry.number('logprob') ?? entry.missing('logprob');
  const bytes = entry.has('bytes') ? entry.entries('bytes').map(({ value }) => value as number) : undefined;
  if (bytes?.some((byte) => !Number.isInteger(byte))) throw entry.wrong('bytes', 'a list of whole numbers');
  return { token, logprob, ...(bytes !== undefined && { bytes }) };
}

/**
 * Every piece of a thought is a part of its own under the thought's id; what is encrypted stands for all of them and is
 * with the last. A thought without any text is hidden as a whole.
 */
function readThoughts(item: Members): ReasoningPart[] {
  item.ignore('status');
  const id = item.string('id');
  const signature = item.string('encrypted_content');
  const named = { kind: 'reasoning' as const, ...(id !== undefined && { id }) };
  const thoughts: ReasoningPart[] = [
    ...item.objects('summary').map((piece) => ({ ...named, ...readThought(piece), isSummary: true })),
    ...item.objects('content').map((piece) => ({ ...named, ...readThought(piece) })),
  ];
  const last = thoughts.pop();
  if (last !== undefined) return [...thoughts, { ...last, ...(signature !== undefined && { signature }) }];
  return signature === undefined ? [] : [{ ...named, at: item.at, text: '', redacted: signature }];
}

function readThought(piece: Members): { at: string; text: string } {
  // The list that it is in says what it is.
  piece.ignore('type');
  return { at: piece.at, text: piece.requiredString('text') };
}

function readCall(item: Members): ToolCall {
  // `parsed_arguments` is what the SDKs' parse() adds.
  item.ignore('id', 'status', 'parsed_arguments');
  const caller = item.object('caller');
  if (caller !== undefined && caller.string('type') !== 'direct') caller.lose('a program of the model made the call');
  return defined<Omit<ToolCall, 'cache'>>({
    kind: 'tool-call',
    at: item.at,
    id: item.requiredString('call_id'),
    name: item.requiredString('name'),
    arguments: item.requiredString('arguments'),
    signature: readGoogleExtra(item).signature,
  });
}

/** An image comes as PNG unless another format was asked for. */
function readMadeImage(item: Members): ImagePart[] {
  item.ignore('id', 'status', 'action', 'background', 'quality', 'size', 'prompt', 'revised_prompt');
  const format = item.string('output_format') ?? 'png';
  const base64 = item.string('result');
  if (base64 === undefined) {
    item.lose('its image is at the provider and not in the body');
    return [];
  }
  return [{ kind: 'image', at: item.at, source: { from: 'bytes', mediaType: `image/${format}`, base64 } }];
}
