import type { JsonObject } from '#usage/json.js';
import type { Target } from '../chat/chat-protocol.js';
import type { AudioPart, FilePart, ImagePart, UserPart } from '../chat/chat-request.js';
import { urlOfSource } from '../chat/data-url.js';

/** Text alone is a string, which every server of this protocol takes; anything else is a list of parts. */
export function writeContent(parts: readonly UserPart[], to: Target): string | JsonObject[] {
  const written = parts.flatMap((part) => {
    if (part.cache !== undefined) to.losses.hint(part.at, 'OpenAI caches prompts without a mark');
    return writePart(part, to);
  });
  if (written.length === 0) return '';
  const [first] = parts;
  return parts.length === 1 && first?.kind === 'text' ? first.text : written;
}

function writePart(part: UserPart, to: Target): JsonObject[] {
  switch (part.kind) {
    case 'text':
      return [{ type: 'text', text: part.text }];
    case 'image':
      return writeImage(part, to);
    case 'file':
      return writeFile(part, to);
    case 'audio':
      return writeAudio(part, to);
  }
}

export function writeImage({ source, detail, at }: ImagePart, to: Target): JsonObject[] {
  if (source.from === 'upload') {
    to.losses.add(at, 'OpenAI chat takes an image as bytes or by its URL, not as an upload');
    return [];
  }
  return [{ type: 'image_url', image_url: { url: urlOfSource(source), ...(detail !== undefined && { detail }) } }];
}

function writeFile({ source, name, at }: FilePart, to: Target): JsonObject[] {
  switch (source.from) {
    case 'upload':
      return [{ type: 'file', file: { file_id: source.id, ...(name !== undefined && { filename: name }) } }];
    case 'bytes':
      // OpenAI refuses a file without a name.
      return [{ type: 'file', file: { filename: name ?? nameOf(source.mediaType), file_data: urlOfSource(source) } }];
    case 'url':
      to.losses.add(at, 'OpenAI chat takes a file as bytes or as an upload, not by its URL');
      return [];
  }
}

function nameOf(mediaType: string): string {
  return mediaType === 'application/pdf' ? 'document.pdf' : 'document';
}

/** The only two formats that OpenAI hears, under their common names. */
const audioFormats: ReadonlyMap<string, string> = new Map(
  Object.entries({
    'audio/wav': 'wav',
    'audio/wave': 'wav',
    'audio/x-wav': 'wav',
    'audio/mpeg': 'mp3',
    'audio/mp3': 'mp3',
  }),
);

function writeAudio({ source, at }: AudioPart, to: Target): JsonObject[] {
  const format = source.from === 'bytes' ? audioFormats.get(source.mediaType) : undefined;
  if (source.from === 'bytes' && format !== undefined) {
    return [{ type: 'input_audio', input_audio: { data: source.base64, format } }];
  }
  to.losses.add(at, 'OpenAI chat hears audio as the bytes of a WAV or MP3 file only');
  return [];
}
