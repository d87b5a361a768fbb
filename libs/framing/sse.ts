import { Carry } from './carry.js';
import { type FrameParser, MAX_EVENT_BYTES, type OnFrame, TOO_LONG } from './frame.js';

const LF = 0x0a;
const CR = 0x0d;
const COLON = 0x3a;
const SPACE = 0x20;
const BYTE_ORDER_MARK = '\u00ef\u00bb\u00bf';
const NEWLINE = Buffer.from('\n');

/**
 * An incremental parser of server-sent events (WHATWG HTML, 9.2.6) over bytes as they come. It looks for line ends
 * only, so a UTF-8 character across two chunks needs no care. Unlike a browser it takes a last event whose blank line
 * is missing: some upstreams end that way, and it may be the one that carries the usage.
 */
export class SseParser implements FrameParser {
  /** The unfinished event; every offset below is relative to its first byte. */
  readonly #carry = new Carry();
  /** Where the line being read begins: -1 when that was in a piece already handed out. */
  #line = 0;
  /** Up to here there is no line end. */
  #scanned = 0;
  /** Start and end of each data line. */
  #data: [start: number, end: number][] = [];
  #type: string | undefined;
  /** How long the lines of the event are, their ends not counted: those may be one byte or two. */
  #size = 0;
  #overlong = false;
  /** The last line ended with a CR at the very end of a chunk: an LF that follows belongs to it. */
  #afterCr = false;
  #atStreamStart = true;

  constructor(
    private readonly onFrame: OnFrame,
    private readonly maxEventBytes = MAX_EVENT_BYTES,
  ) {}

  /** Every byte so far was handed out, and the next one begins an event. */
  get isBetweenEvents(): boolean {
    return this.#carry.length === 0 && !this.#overlong && !this.#afterCr;
  }

  /** No line has come yet, so that the next may have a byte order mark. */
  get isAtStart(): boolean {
    return this.#atStreamStart;
  }

  push(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    const bytes = this.#carry.with(chunk);
    this.#carry.keep(bytes, this.#readEvents(bytes));
    if (this.#size + this.#carry.length - this.#line > this.maxEventBytes) this.#giveUpEvent();
  }

  /** The stream is over: what is left is the last event. */
  end(): void {
    const bytes = this.#carry.take();
    if (bytes.length === 0) return;
    if (this.#line < bytes.length) this.#readLine(bytes, bytes.length);
    this.#finishEvent(bytes, 0, bytes.length);
  }

  /** Hands out every finished event. Returns how many bytes they took. */
  #readEvents(bytes: Buffer): number {
    let eventStart = 0;
    if (this.#afterCr && bytes[this.#line] === LF) this.#line += 1;
    this.#afterCr = false;
    this.#scanned = Math.max(this.#scanned, this.#line);
    // Found once and kept until it is passed: most streams have no CR at all, and are searched for it once.
    let cr = bytes.indexOf(CR, this.#scanned);
    for (;;) {
      const lf = bytes.indexOf(LF, this.#scanned);
      if (cr !== -1 && cr < this.#scanned) cr = bytes.indexOf(CR, this.#scanned);
      const endsWithCr = cr !== -1 && (lf === -1 || cr < lf);
      const lineEnd = endsWithCr ? cr : lf;
      if (lineEnd === -1) break;
      const next = endsWithCr && lf === cr + 1 ? lf + 1 : lineEnd + 1;
      this.#afterCr = endsWithCr && next === cr + 1 && next === bytes.length;

      const blank = lineEnd === this.#line;
      if (!blank) this.#readLine(bytes, lineEnd);
      this.#line = this.#scanned = next;
      if (!blank) continue;
      this.#finishEvent(bytes, eventStart, next);
      eventStart = next;
    }
    this.#line -= eventStart;
    this.#scanned = bytes.length - eventStart;
    if (eventStart > 0) this.#data = this.#data.map(([start, end]) => [start - eventStart, end - eventStart]);
    return eventStart;
  }

  #readLine(bytes: Buffer, end: number): void {
    if (this.#overlong) return;
    this.#size += end - this.#line;
    let start = this.#line;
    if (this.#atStreamStart && bytes.toString('latin1', start, start + 3) === BYTE_ORDER_MARK) start += 3;
    this.#atStreamStart = false;
    const colon = bytes.subarray(start, end).indexOf(COLON);
    const nameEnd = colon === -1 ? end : start + colon;
    const name = bytes.toString('latin1', start, nameEnd);
    const value = Math.min(end, nameEnd + (bytes[nameEnd + 1] === SPACE ? 2 : 1));
    if (name === 'data') this.#data.push([value, end]);
    if (name === 'event') this.#type = bytes.toString('utf8', value, end);
  }

  #finishEvent(bytes: Buffer, start: number, end: number): void {
    const raw = bytes.subarray(start, end);
    const type = this.#type;
    const lines = this.#data;
    const isTooLong = this.#size > this.maxEventBytes;
    this.#data = [];
    this.#type = undefined;
    this.#size = 0;
    this.#overlong = false;
    // Too long is too long, whether it came in one chunk or in many.
    if (isTooLong) return this.onFrame({ raw, flaw: TOO_LONG });
    const [first, ...more] = lines.map(([from, to]) => bytes.subarray(from, to));
    if (first === undefined) return this.onFrame({ raw });
    const data = more.length === 0 ? first : joinLines([first, ...more]);
    this.onFrame(type === undefined || type === '' ? { raw, data } : { raw, type, data });
  }

  #giveUpEvent(): void {
    const raw = this.#carry.take();
    this.onFrame({ raw, flaw: TOO_LONG });
    this.#overlong = true;
    this.#atStreamStart = false;
    this.#size = 0;
    this.#data = [];
    this.#type = undefined;
    this.#line = this.#line === raw.length ? 0 : -1;
    this.#scanned = 0;
  }
}

function joinLines(lines: readonly Buffer[]): Buffer {
  return Buffer.concat(lines.flatMap((line) => [NEWLINE, line])).subarray(1);
}
