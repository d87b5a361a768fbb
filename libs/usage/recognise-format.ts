import { parseObject } from './json.js';
import type { UsageFormat } from './usage-api.js';

/** What has not shown its format by then has the one that it begins like. */
export const MAX_HEAD_BYTES = 1024 * 1024;

const BYTE_ORDER_MARK = Buffer.from('\u{feff}');
const LF = 0x0a;

/**
 * The format of a body by its first bytes. An AWS message begins with its length, whose first byte is 0. JSON is one
 * value, or an object on the first line and another behind it. Anything else can only be an event stream.
 * @param isWhole no more bytes come.
 * @returns undefined when more bytes are needed.
 */
export function recogniseFormat(head: Buffer, isWhole: boolean): UsageFormat | undefined {
  const isEnough = isWhole || head.length >= MAX_HEAD_BYTES;
  if (head[0] === 0) return 'eventstream';
  if (head.length < BYTE_ORDER_MARK.length && !isEnough) return undefined;
  const hasMark = head.subarray(0, BYTE_ORDER_MARK.length).equals(BYTE_ORDER_MARK);
  const text = trimStart(hasMark ? head.subarray(BYTE_ORDER_MARK.length) : head);
  if (text.length === 0) return isEnough ? 'sse' : undefined;
  const first = String.fromCharCode(text[0] ?? 0);
  if (first === '[') return 'json';
  if (first !== '{') return 'sse';
  const lineEnd = text.indexOf(LF);
  const isWaiting = lineEnd === -1 || trimStart(text.subarray(lineEnd)).length === 0;
  if (isWaiting) return isEnough ? 'json' : undefined;
  return parseObject(text.subarray(0, lineEnd)) === undefined ? 'json' : 'lines';
}

function trimStart(bytes: Buffer): Buffer {
  const at = bytes.findIndex((byte) => byte !== 0x20 && (byte < 0x09 || byte > 0x0d));
  return at === -1 ? bytes.subarray(bytes.length) : bytes.subarray(at);
}
