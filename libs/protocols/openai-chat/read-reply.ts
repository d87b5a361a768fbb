import { defined } from '../chat/defined.js';
import type {
  AssistantPart,
  Citation,
  ImagePart,
  ReasoningPart,
  RefusalPart,
  TextPart,
  ToolCall,
} from '../chat/chat-request.js';
import type { Members } from '../chat/members.js';
import { readAnnotations } from './citations.js';
import { readGoogleExtra, THOUGHT_ENDS, THOUGHT_OPENS, type GoogleExtra } from '../openai/google-extra.js';
import { readImage, readTextPart } from './read-content.js';
import { readReasoning } from './read-reasoning.js';
import { whyNoTool } from './read-tools.js';

/** Ids for calls that come without one. */
export interface CallIds {
  call(at: string, index: number): string;
  /** For the one `function_call` that a message had before there were tools. */
  readonly functionCall: string;
}

type Said = TextPart | RefusalPart | ReasoningPart;

/** What an assistant said, in a request or in an answer: thoughts, then text, then calls, as this protocol orders them. */
export function readReply(message: Members, ids: CallIds): AssistantPart[] {
  const google = readGoogleExtra(message);
  const said = [...readReasoning(message), ...readSaid(message, google)];
  const citations = readAnnotations(message);
  const images = message.objects('images').map((image): ImagePart => readPicture(image));
  return [...signed(cited(said, citations, message), google, message), ...images, ...readCalls(message, ids)];
}

function readSaid(message: Members, google: GoogleExtra): Said[] {
  const content = message.value('content');
  const listed = Array.isArray(content) ? message.objects('content').flatMap(readSaidPart) : [];
  const plain = Array.isArray(content) ? '' : (message.string('content') ?? '');
  const refusal = message.string('refusal') ?? '';
  return [
    ...listed,
    ...(google.isThought && plain.startsWith(THOUGHT_OPENS) ? splitThought(plain, message) : textOf(plain, message)),
    ...readTranscript(message),
    ...(refusal === '' ? [] : [{ kind: 'refusal' as const, at: message.pathOf('refusal'), text: refusal }]),
  ];
}

function textOf(text: string, message: Members): TextPart[] {
  return text === '' ? [] : [{ kind: 'text', at: message.pathOf('content'), text }];
}

function splitThought(content: string, message: Members): Said[] {
  const at = message.pathOf('content');
  const end = content.indexOf(THOUGHT_ENDS);
  const thought = content.slice(THOUGHT_OPENS.length, end === -1 ? undefined : end);
  const rest = end === -1 ? '' : content.slice(end + THOUGHT_ENDS.length);
  return [{ kind: 'reasoning', at, text: thought }, ...textOf(rest, message)];
}

export function readSaidPart(part: Members): Said[] {
  const type = part.requiredString('type');
  switch (type) {
    case 'text':
      return readTextPart(part);
    case 'refusal':
      return [{ kind: 'refusal', at: part.at, text: part.requiredString('refusal') }];
    case 'thinking':
      return [readThinking(part)];
    default:
      part.lose(`a content part of type ${type.slice(0, 40)} is not known here`);
      return [];
  }
}

/** Mistral's thoughts (https://docs.mistral.ai/capabilities/reasoning/). */
function readThinking(part: Members): ReasoningPart {
  // Whether the thought is finished: a whole one is.
  part.ignore('closed');
  const texts = part.objects('thinking').flatMap((piece) => {
    if (piece.requiredString('type') === 'text') return [piece.requiredString('text')];
    piece.lose('a thought holds text only');
    return [];
  });
  const signature = part.string('signature');
  return defined<Pick<ReasoningPart, 'kind' | 'at' | 'text' | 'signature'>>({
    kind: 'reasoning',
    at: part.at,
    text: texts.join(''),
    signature,
  });
}

/** Spoken output: what was said is kept as text, the sound is lost. Some servers send an empty one with every answer. */
export function readTranscript(message: Members): TextPart[] {
  const audio = message.json('audio');
  if (audio === undefined) return [];
  const { id, data, transcript } = audio;
  if (!id && !data && !transcript) return [];
  message.losses.add(message.pathOf('audio'), 'there is no spoken output elsewhere');
  return typeof transcript === 'string' && transcript !== ''
    ? [{ kind: 'text', at: message.pathOf('audio'), text: transcript }]
    : [];
}

function cited(said: readonly Said[], citations: readonly Citation[], message: Members): Said[] {
  if (citations.length === 0) return [...said];
  const cites = said.findIndex((part) => part.kind === 'text');
  if (cites === -1) message.losses.add(message.pathOf('annotations'), 'there is no text that cites them');
  return said.map((part, index) => (index === cites ? ({ ...part, citations } as TextPart) : part));
}

/** The message's signature belongs to its text; where there is none, to thoughts that are not shown. */
function signed(said: Said[], { signature }: GoogleExtra, message: Members): Said[] {
  if (signature === undefined) return said;
  const text = said.findLastIndex((part) => part.kind === 'text');
  if (text === -1) return [...said, { kind: 'reasoning', at: message.at, text: '', signature }];
  return said.map((part, index) => (index === text ? { ...part, signature } : part));
}

/** A picture in an answer, as OpenRouter gives it. */
export function readPicture(image: Members): ImagePart {
  image.ignore('type', 'index');
  return readImage(image);
}

function readCalls(message: Members, ids: CallIds): ToolCall[] {
  const calls = message.objects('tool_calls').flatMap((call, index) => readCall(call, () => ids.call(call.at, index)));
  const legacy = message.object('function_call');
  if (legacy === undefined) return calls;
  // Servers written in Go send an empty one with every answer.
  if (!legacy.string('name')) {
    legacy.ignore('arguments');
    return calls;
  }
  const [name, text] = [legacy.requiredString('name'), readArguments(legacy)];
  return [...calls, { kind: 'tool-call', at: legacy.at, id: ids.functionCall, name, arguments: text }];
}

function readCall(call: Members, missingId: () => string): ToolCall[] {
  // Its place among the calls, which the list says too.
  call.ignore('index');
  const type = call.string('type') || 'function';
  if (type !== 'function') {
    call.lose(whyNoTool(type));
    return [];
  }
  const called = call.object('function') ?? call.missing('function');
  // Servers written in Go send an empty one beside it.
  call.ignore('custom');
  return [
    defined<Omit<ToolCall, 'cache'>>({
      kind: 'tool-call',
      at: call.at,
      id: call.string('id') || missingId(),
      name: called.requiredString('name'),
      arguments: readArguments(called),
      signature: readGoogleExtra(call).signature,
    }),
  ];
}

/** JSON text. A function that takes nothing is called with nothing; some servers give the object itself. */
function readArguments(called: Members): string {
  const given = called.value('arguments') ?? '';
  if (typeof given === 'object') return JSON.stringify(given);
  return called.string('arguments') || '{}';
}
