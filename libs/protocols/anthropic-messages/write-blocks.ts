import { isUtf8 } from 'node:buffer';
import type { JsonObject } from '#usage/json.js';
import type { Target } from '../chat/chat-protocol.js';
import type {
  AssistantPart,
  FilePart,
  ImagePart,
  ReasoningPart,
  TextPart,
  ToolCall,
  ToolResult,
  UserPart,
} from '../chat/chat-request.js';
import { objectOf } from '../chat/json-text.js';
import type { Losses } from '../chat/losses.js';
import { writeCache } from './cache-control.js';

const imageTypes: ReadonlySet<string> = new Set(['image/jpeg', 'image/png', 'image/gif', 'image/webp']);
const PDF = 'application/pdf';

/** @returns no block for what Anthropic cannot take, and for empty text, which it refuses. */
export function writeUserPart(part: UserPart, to: Target): JsonObject[] {
  switch (part.kind) {
    case 'text':
      return writeText(part, to);
    case 'image':
      return writeImage(part, to);
    case 'file':
      return writeFile(part, to);
    case 'audio':
      to.losses.add(part.at, 'it takes no audio');
      return [];
  }
}

/** The history of an assistant's turn, for the model to go on from. */
export function writeAssistantPart(part: AssistantPart, to: Target): JsonObject[] {
  switch (part.kind) {
    case 'text':
      return writeText(part, to);
    case 'reasoning':
      return writeThought(part, to);
    case 'tool-call':
      if (part.signature !== undefined) to.losses.hint(`${part.at}.signature`, 'it is for another provider');
      return [writeToolUse(part, toolUseId(part.id), to.losses)];
    case 'refusal':
      to.losses.hint(part.at, 'a refusal is told as text');
      return writeText({ kind: 'text', at: part.at, text: part.text }, to);
    case 'image':
      to.losses.add(part.at, 'its assistant has no images');
      return [];
  }
}

export function writeToolResult(result: ToolResult, to: Target): JsonObject {
  const content = result.parts.flatMap((part) => writeUserPart(part, to));
  return {
    type: 'tool_result',
    tool_use_id: toolUseId(result.callId),
    ...(content.length > 0 && { content }),
    ...(result.isError !== undefined && { is_error: result.isError }),
    ...writeCache(result),
  };
}

export function writeText(part: TextPart, to: Target): JsonObject[] {
  if (part.citations !== undefined) to.losses.hint(`${part.at}.citations`, 'it takes back only its own');
  if (part.signature !== undefined) to.losses.hint(`${part.at}.signature`, 'it is for another provider');
  if (part.logprobs !== undefined) to.losses.hint(`${part.at}.logprobs`, 'it takes none back');
  if (part.text.trim() !== '') return [{ type: 'text', text: part.text, ...writeCache(part) }];
  if (part.text !== '') to.losses.hint(part.at, 'text must be more than white space');
  return [];
}

/** An id and whether it is a summary are words of another protocol: they say nothing to this model. */
function writeThought(part: ReasoningPart, to: Target): JsonObject[] {
  if (part.cache !== undefined) to.losses.hint(`${part.at}.cache`, 'the prompt is not cached up to a thought');
  if (part.redacted !== undefined) return [{ type: 'redacted_thinking', data: part.redacted }];
  if (part.signature !== undefined) return [{ type: 'thinking', thinking: part.text, signature: part.signature }];
  if (part.text !== '') to.losses.hint(part.at, 'it takes back only thoughts that are signed');
  return [];
}

export function writeToolUse(call: ToolCall, id: string, losses: Losses): JsonObject {
  return { type: 'tool_use', id, name: call.name, input: inputOf(call, losses), ...writeCache(call) };
}

function inputOf(call: ToolCall, losses: Losses): JsonObject {
  // A function without parameters may be called with no text at all.
  if (call.arguments.trim() === '') return {};
  const input = objectOf(call.arguments);
  if (input === undefined) losses.add(`${call.at}.arguments`, 'they are no JSON object');
  return input ?? {};
}

/**
 * Anthropic wants ids of letters, digits, - and _ only; others write more. Any other character becomes its code, in the
 * call and in its result alike.
 */
function toolUseId(id: string): string {
  return id.replace(/[^a-zA-Z0-9_-]/gu, (character) => `_${character.codePointAt(0)!.toString(16)}_`);
}

function writeImage(part: ImagePart, to: Target): JsonObject[] {
  const { source, detail } = part;
  if (detail !== undefined && detail !== 'auto') to.losses.hint(`${part.at}.detail`, 'how closely to look');
  switch (source.from) {
    case 'url':
      return [{ type: 'image', source: { type: 'url', url: source.url }, ...writeCache(part) }];
    case 'bytes': {
      const type = mediaTypeOf(source.mediaType);
      if (imageTypes.has(type)) {
        const bytes = { type: 'base64', media_type: type, data: source.base64 };
        return [{ type: 'image', source: bytes, ...writeCache(part) }];
      }
      to.losses.add(part.at, 'it takes JPEG, PNG, GIF and WebP images only');
      return [];
    }
    case 'upload':
      return loseUpload(part, to);
  }
}

function writeFile(part: FilePart, to: Target): JsonObject[] {
  const { source, name } = part;
  const document = (written: JsonObject) => [
    { type: 'document', source: written, ...(name !== undefined && { title: name }), ...writeCache(part) },
  ];
  if (source.from === 'upload') return loseUpload(part, to);
  const type = source.mediaType === undefined ? PDF : mediaTypeOf(source.mediaType);
  if (source.from === 'url' && type === PDF) return document({ type: 'url', url: source.url });
  if (source.from === 'bytes' && type === PDF) {
    return document({ type: 'base64', media_type: PDF, data: source.base64 });
  }
  const bytes = source.from === 'bytes' && type.startsWith('text/') ? Buffer.from(source.base64, 'base64') : undefined;
  if (bytes === undefined || !isUtf8(bytes)) {
    to.losses.add(part.at, 'it takes PDF documents, and plain text in UTF-8 whose bytes are in the request');
    return [];
  }
  if (type !== 'text/plain') to.losses.hint(part.at, 'its text is told as plain text');
  return document({ type: 'text', media_type: 'text/plain', data: bytes.toString() });
}

function loseUpload(part: ImagePart | FilePart, to: Target): [] {
  to.losses.add(part.at, 'another provider cannot see an upload');
  return [];
}

/** Without its parameters; many a client writes jpg. */
function mediaTypeOf(mediaType: string): string {
  const type = mediaType.split(';')[0]!.trim().toLowerCase();
  return type === 'image/jpg' ? 'image/jpeg' : type;
}
