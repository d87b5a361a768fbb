import { sourceOfUrl } from '../chat/data-url.js';
import { defined } from '../chat/defined.js';
import type { AudioPart, FilePart, ImagePart, Source, TextPart, UserPart } from '../chat/chat-request.js';
import type { Members } from '../chat/members.js';
import { readCacheMark } from '../openai/cache-mark.js';
import { mediaTypeOfName } from './file-name.js';
import { hintUnless } from './usual-value.js';

/** A string, or a list of parts. Empty text says nothing, and some protocols refuse it. */
export function readContent<Part>(
  owner: Members,
  name: string,
  readPart: (part: Members) => Part[],
): (Part | TextPart)[] {
  const content = owner.value(name) ?? owner.missing(name);
  if (typeof content !== 'string') return owner.objects(name).flatMap(readPart);
  return content === '' ? [] : [{ kind: 'text', at: owner.pathOf(name), text: content }];
}

export function readUserPart(part: Members): UserPart[] {
  switch (part.requiredString('type')) {
    // What a model wrote may be shown to it as what a user says.
    case 'input_text':
    case 'output_text':
      return readInputText(part);
    case 'input_image':
      return [readImage(part)];
    case 'input_file':
      return [readFile(part)];
    case 'input_audio':
      return [readAudio(part)];
    default:
      return losePart(part);
  }
}

export function losePart(part: Members): [] {
  part.lose(`a content part of type ${part.requiredString('type').slice(0, 40)} is not known here`);
  return [];
}

export function readInputText(part: Members): TextPart[] {
  const text = part.requiredString('text');
  const cache = readCacheMark(part);
  return text === '' ? [] : [{ kind: 'text', at: part.at, text, ...(cache !== undefined && { cache }) }];
}

export function readImage(part: Members): ImagePart {
  const detail = part.string('detail');
  const id = part.string('file_id');
  return defined<ImagePart>({
    kind: 'image',
    at: part.at,
    source:
      id === undefined
        ? sourceOfUrl(part.requiredString('image_url'), part.pathOf('image_url'))
        : { from: 'upload', id },
    // The default, and what the SDK's types ask every client to say.
    detail: detail === 'auto' ? undefined : detail,
    cache: readCacheMark(part),
  });
}

function readFile(part: Members): FilePart {
  const name = part.string('filename');
  hintUnless('auto', part, 'detail', 'in what detail a file is looked at');
  return defined<FilePart>({
    kind: 'file',
    at: part.at,
    source: fileSource(part, name),
    name,
    cache: readCacheMark(part),
  });
}

function fileSource(part: Members, name: string | undefined): Source {
  const id = part.string('file_id');
  if (id !== undefined) return { from: 'upload', id };
  const url = part.string('file_url');
  if (url !== undefined) return sourceOfUrl(url, part.pathOf('file_url'));
  const data = part.requiredString('file_data');
  // The reference asks for base64, the guides for a data: URL.
  if (!/^data:/i.test(data)) return { from: 'bytes', mediaType: mediaTypeOfName(name), base64: data };
  return sourceOfUrl(data, part.pathOf('file_data'));
}

/** The format is named, and not the media type. */
const audioTypes: ReadonlyMap<string, string> = new Map([
  ['wav', 'audio/wav'],
  ['mp3', 'audio/mpeg'],
]);

function readAudio(part: Members): AudioPart {
  const audio = part.object('input_audio') ?? part.missing('input_audio');
  const format = audio.requiredString('format');
  const mediaType = audioTypes.get(format) ?? `audio/${format}`;
  return { kind: 'audio', at: part.at, source: { from: 'bytes', mediaType, base64: audio.requiredString('data') } };
}
