import type { UsageFormat } from './usage-api.js';

/** What has not shown its format by then has the one that it begins like. */
const MAX_HEAD_BYTES = 1024 * 1024;

const LINES = /^\{.*\}\s*\n\s*[^\s,\]}]/;
const ONE_LINE = /^\{[^\n]*\n?\s*$/;

/**
 * The format of a body by its first bytes. An AWS message begins with its length, whose first byte is 0. JSON is one
 * value, or has an object on its first line and goes on behind it with something else than that object's rest.
 * Anything else can only be an event stream.
 * @param isWhole no more bytes come.
 * @returns undefined when more bytes are needed.
 */
export function recogniseFormat(head: Buffer, isWhole: boolean): UsageFormat | undefined {
  if (head[0] === 0) return 'eventstream';
  const isEnough = isWhole || head.length >= MAX_HEAD_BYTES;
  // A byte order mark is white space here; one that is cut is taken for the beginning of an event stream.
  const text = head.toString('utf8', 0, MAX_HEAD_BYTES).trimStart();
  if (text === '' || (head.length < 4 && !isEnough)) return isEnough ? 'sse' : undefined;
  if (text.startsWith('[')) return 'json';
  if (!text.startsWith('{')) return 'sse';
  if (LINES.test(text)) return 'lines';
  return isEnough || !ONE_LINE.test(text) ? 'json' : undefined;
}
