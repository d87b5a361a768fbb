import type { Source } from './chat-request.js';
import { InvalidBody } from './members.js';

/** RFC 2397: what bytes without a media type are. */
const PLAIN_TEXT = 'text/plain;charset=US-ASCII';

/**
 * Where the bytes of an image or a file are: in the URL itself, or behind it. Base64 is taken over untouched.
 * @throws InvalidBody when a data: URL is malformed
 */
export function sourceOfUrl(url: string, at: string): Source {
  if (!/^data:/i.test(url)) return { from: 'url', url };
  const comma = url.indexOf(',');
  if (comma === -1) throw new InvalidBody(at, `${at} is a data: URL without a comma before its data.`);
  const head = url.slice('data:'.length, comma);
  const data = url.slice(comma + 1);
  if (!/;\s*base64\s*$/i.test(head)) return { from: 'bytes', mediaType: mediaTypeOf(head), base64: encode(data, at) };
  if (!/^[A-Za-z0-9+/_-]*={0,2}$/.test(data))
    throw new InvalidBody(at, `${at} is a data: URL whose data is no base64.`);
  return { from: 'bytes', mediaType: mediaTypeOf(head.replace(/;[^;]*$/, '')), base64: data };
}

/** Bytes as a data: URL, or the URL behind which they are. */
export function urlOfSource(source: Exclude<Source, { from: 'upload' }>): string {
  return source.from === 'url' ? source.url : `data:${source.mediaType};base64,${source.base64}`;
}

function mediaTypeOf(head: string): string {
  const type = head.trim();
  if (type === '') return PLAIN_TEXT;
  return type.startsWith(';') ? `text/plain${type}` : type;
}

/** Data that is not base64 is percent-encoded. */
function encode(data: string, at: string): string {
  try {
    return Buffer.from(decodeURIComponent(data), 'utf8').toString('base64');
  } catch (error) {
    if (!(error instanceof URIError)) throw error;
    throw new InvalidBody(at, `${at} is a data: URL with a broken percent escape.`);
  }
}
