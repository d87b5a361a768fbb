import { sourceOfUrl } from '../chat/data-url.js';
import { defined } from '../chat/defined.js';
import type { AudioPart, FilePart, ImagePart, TextPart, UserPart } from '../chat/chat-request.js';
import { InvalidBody, type Members } from '../chat/members.js';
import { readCacheMark } from '../openai/cache-mark.js';

/** A string, or a list of parts. Empty text says nothing, and some protocols refuse it. */
export function readContent(message: Members): UserPart[] {
  const content = message.value('content') ?? message.missing('content');
  if (typeof content !== 'string') return message.objects('content').flatMap(readPart);
  return content === '' ? [] : [{ kind: 'text', at: message.pathOf('content'), text: content }];
}

/** The content of a message that holds text only. */
export function readTexts(message: Members): TextPart[] {
  return readContent(message).filter((part) => {
    if (part.kind === 'text') return true;
    message.losses.add(part.at, `a message of this role holds text, and no ${part.kind}`);
    return false;
  }) as TextPart[];
}

export function readTextPart(part: Members): TextPart[] {
  const text = part.requiredString('text');
  const cache = readCacheMark(part);
  return text === ''
    ? []
    : [defined<Pick<TextPart, 'kind' | 'at' | 'text' | 'cache'>>({ kind: 'text', at: part.at, text, cache })];
}

function readPart(part: Members): UserPart[] {
  const type = part.requiredString('type');
  switch (type) {
    case 'text':
      return readTextPart(part);
    case 'image_url':
      return [readImage(part)];
    case 'file':
      return [readFile(part)];
    case 'input_audio':
      return [readAudio(part)];
    default:
      part.lose(`a content part of type ${type.slice(0, 40)} is not known here`);
      return [];
  }
}

export function readImage(part: Members): ImagePart {
  // Mistral also takes the URL alone.
  const isBare = typeof part.value('image_url') === 'string';
  const image = isBare ? undefined : (part.object('image_url') ?? part.missing('image_url'));
  const url = image === undefined ? part.requiredString('image_url') : image.requiredString('url');
  return defined<ImagePart>({
    kind: 'image',
    at: part.at,
    source: sourceOfUrl(url, part.pathOf('image_url')),
    detail: image?.string('detail'),
    cache: readCacheMark(part),
  });
}

function readFile(part: Members): FilePart {
  const file = part.object('file') ?? part.missing('file');
  const id = file.string('file_id');
  const data = id === undefined ? file.requiredString('file_data') : undefined;
  const at = file.pathOf('file_data');
  const source = data === undefined ? undefined : sourceOfUrl(data, at);
  if (source?.from === 'url' && !/^https?:/i.test(source.url)) {
    throw new InvalidBody(at, `${at} must be a data: URL, such as data:application/pdf;base64,…`);
  }
  return defined<FilePart>({
    kind: 'file',
    at: part.at,
    source: source ?? { from: 'upload', id: id! },
    name: file.string('filename'),
    cache: readCacheMark(part),
  });
}

/** OpenAI names the format, and not the media type. */
const audioTypes: ReadonlyMap<string, string> = new Map(Object.entries({ wav: 'audio/wav', mp3: 'audio/mpeg' }));

function readAudio(part: Members): AudioPart {
  const audio = part.object('input_audio') ?? part.missing('input_audio');
  const format = audio.requiredString('format');
  const mediaType = audioTypes.get(format) ?? `audio/${format}`;
  return defined<AudioPart>({
    kind: 'audio',
    at: part.at,
    source: { from: 'bytes', mediaType, base64: audio.requiredString('data') },
    cache: readCacheMark(part),
  });
}
