import type { JsonObject } from '#usage/json.js';
import type { Target } from '../chat/chat-protocol.js';
import type { FilePart, FunctionTool, ImagePart, Part, Source, UserPart } from '../chat/chat-request.js';
import { urlOfSource } from '../chat/data-url.js';
import { nameOfMediaType } from './file-name.js';

export function writeContent(parts: readonly UserPart[], to: Target): JsonObject[] {
  return parts.flatMap((part) => {
    tellCacheMark(part, to);
    return writePart(part, to);
  });
}

/** Only the newest models take a mark, and refuse a request for the others that has one. */
export function tellCacheMark({ at, cache }: Pick<Part | FunctionTool, 'at' | 'cache'>, to: Target): void {
  if (cache !== undefined) to.losses.hint(at, 'OpenAI caches prompts without a mark');
}

function writePart(part: UserPart, to: Target): JsonObject[] {
  switch (part.kind) {
    case 'text':
      return [{ type: 'input_text', text: part.text }];
    case 'image':
      return writeImage(part, to);
    case 'file':
      return writeFile(part, to);
    case 'audio':
      to.losses.add(part.at, 'OpenAI responses take no audio');
      return [];
  }
}

export function writeImage({ source, detail, at }: ImagePart, to: Target): JsonObject[] {
  const place = placeOf(source, at, to);
  if (place === undefined) return [];
  const image = 'id' in place ? { file_id: place.id } : { image_url: place.url };
  return [{ type: 'input_image', detail: detail ?? 'auto', ...image }];
}

function writeFile({ source, name, at }: FilePart, to: Target): JsonObject[] {
  if (source.from === 'bytes') {
    return [
      { type: 'input_file', filename: name ?? nameOfMediaType(source.mediaType), file_data: urlOfSource(source) },
    ];
  }
  const place = placeOf(source, at, to);
  if (place === undefined) return [];
  const file = 'id' in place ? { file_id: place.id } : { file_url: place.url };
  return [{ type: 'input_file', ...file, ...(name !== undefined && { filename: name }) }];
}

/** undefined when OpenAI cannot get at it. */
function placeOf(source: Source, at: string, to: Target): { url: string } | { id: string } | undefined {
  if (source.from === 'upload') {
    // How OpenAI calls its uploads: those of others it does not know.
    if (source.id.startsWith('file-')) return { id: source.id };
    to.losses.add(at, 'it is an upload at another provider');
    return undefined;
  }
  if (source.from === 'bytes' || /^https?:/i.test(source.url)) return { url: urlOfSource(source) };
  to.losses.add(at, 'OpenAI fetches from the web only');
  return undefined;
}
