import type { JsonObject } from '#usage/json.js';
import type { Target } from '../chat/chat-protocol.js';
import type { AudioPart, FilePart, ImagePart, Source } from '../chat/chat-request.js';
import type { Members } from '../chat/members.js';
import { mediaTypeOfUrl, mediumOf } from './media-type.js';

export type MediaPart = ImagePart | FilePart | AudioPart;

/** An upload to Google's Files API: by its name, or by the address under which Google returns it. */
const UPLOAD = /^(https:\/\/generativelanguage\.googleapis\.com\/\S*?\/)?files\/[\w-]+$/;

/** undefined when the part holds neither bytes nor a file. */
export function readMedia(part: Members): MediaPart | undefined {
  const bytes = part.object('inlineData');
  if (bytes !== undefined) {
    const mediaType = bytes.requiredString('mimeType');
    return mediaPart(bytes, { from: 'bytes', mediaType, base64: bytes.requiredString('data') });
  }
  const file = part.object('fileData');
  if (file === undefined) return undefined;
  const uri = file.requiredString('fileUri');
  const given = file.string('mimeType');
  const mediaType = given === undefined || given === '' ? {} : { mediaType: given };
  return mediaPart(
    file,
    UPLOAD.test(uri) ? { from: 'upload', id: uri, ...mediaType } : { from: 'url', url: uri, ...mediaType },
  );
}

function mediaPart(data: Members, source: Source): MediaPart {
  const { at } = data;
  const guessed = source.from === 'url' ? mediaTypeOfUrl(source.url) : undefined;
  const kind = mediumOf(source.mediaType ?? guessed);
  if (kind === 'file') {
    const name = data.string('displayName');
    return { kind, at, source, ...(name !== undefined && { name }) };
  }
  data.hint('displayName', 'only files have names');
  return { kind, at, source };
}

/** undefined when Gemini cannot get at it; then it is told as a loss. */
export function writeMedia(part: MediaPart, to: Target): JsonObject | undefined {
  if (part.kind === 'image' && part.detail !== undefined && part.detail !== 'auto') {
    to.losses.hint(part.at, `Gemini does not take the detail ${part.detail} for an image`);
  }
  const displayName = part.kind === 'file' && part.name !== undefined ? { displayName: part.name } : {};
  const { source } = part;
  if (source.from === 'bytes') {
    return { inlineData: { mimeType: source.mediaType, data: source.base64, ...displayName } };
  }
  if (source.from === 'upload') {
    if (UPLOAD.test(source.id)) return fileData(source.id, source.mediaType, displayName);
    to.losses.add(part.at, 'it is an upload at another provider');
    return undefined;
  }
  const mediaType = source.mediaType ?? mediaTypeOfUrl(source.url);
  if (mediaType !== undefined) return fileData(source.url, mediaType, displayName);
  to.losses.add(part.at, 'its URL does not tell its media type, which Gemini needs: send the bytes');
  return undefined;
}

function fileData(fileUri: string, mimeType: string | undefined, displayName: JsonObject): JsonObject {
  return { fileData: { ...(mimeType !== undefined && { mimeType }), fileUri, ...displayName } };
}
