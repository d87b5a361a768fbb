/**
 * A part of a server-sent event stream. The `raw` bytes of all pieces, one after another, are the stream itself, so a
 * piece can be left out without touching the others. The bytes are never written again: a piece may be kept.
 */
export interface SsePiece {
  readonly raw: Buffer;
  /** The `event` field; absent when the event has none. */
  readonly type?: string;
  /** The data lines, joined by \n. Absent when the piece is no event that can be read: comments, an overlong event. */
  readonly data?: Buffer;
}

/** An event larger than this is passed on without being understood: memory stays bounded whatever the upstream sends. */
export const MAX_EVENT_BYTES = 16 * 1024 * 1024;

const LF = 0x0a;
const CR = 0x0d;
const COLON = 0x3a;
const SPACE = 0x20;
const BYTE_ORDER_MARK = '\u00ef\u00bb\u00bf';
const NEWLINE = Buffer.from('\n');
const NOTHING = Buffer.alloc(0);

/**
 * An incremental parser of server-sent events (WHATWG HTML, 9.2.6) over bytes as they come. It looks for line ends
 * only, so a UTF-8 character across two chunks needs no care. Unlike a browser it takes a last event whose blank line
 * is missing: some upstreams end that way, and it may be the one that carries the usage.
 */
export class SseParser {
  /** The unfinished event; every offset below is relative to its first byte. */
  #buffer: Buffer = NOTHING;
  #length = 0;
  /** Where the line being read begins: -1 when that was in a piece already handed out. */
  #line = 0;
  /** Up to here there is no line end. */
  #scanned = 0;
  /** Start and end of each data line. */
  #data: [start: number, end: number][] = [];
  #type: string | undefined;
  #overlong = false;
  /** The last line ended with a CR at the very end of a chunk: an LF that follows belongs to it. */
  #afterCr = false;
  #atStreamStart = true;

  constructor(
    private readonly onPiece: (piece: SsePiece) => void,
    private readonly maxEventBytes = MAX_EVENT_BYTES,
  ) {}

  push(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    if (this.#length === 0) {
      const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
      this.#keepFrom(bytes, this.#readEvents(bytes));
    } else {
      this.#append(chunk);
      const bytes = this.#buffer.subarray(0, this.#length);
      const used = this.#readEvents(bytes);
      // A buffer that was handed out is not written to again.
      if (used > 0) this.#keepFrom(bytes, used);
    }
    if (this.#length > this.maxEventBytes) this.#giveUpEvent();
  }

  /** The stream is over: what is left is the last piece. */
  end(): void {
    const bytes = this.#buffer.subarray(0, this.#length);
    if (bytes.length === 0) return;
    if (this.#line < bytes.length) this.#readLine(bytes, bytes.length);
    this.#finishEvent(bytes, 0, bytes.length);
    this.#length = 0;
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
    this.#data = this.#data.map(([start, end]) => [start - eventStart, end - eventStart]);
    return eventStart;
  }

  #readLine(bytes: Buffer, end: number): void {
    if (this.#overlong) return;
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
    const [first, ...more] = this.#data.map(([from, to]) => bytes.subarray(from, to));
    this.#data = [];
    this.#type = undefined;
    this.#overlong = false;
    if (first === undefined) return this.onPiece({ raw });
    const data = more.length === 0 ? first : joinLines([first, ...more]);
    this.onPiece(type === undefined || type === '' ? { raw, data } : { raw, type, data });
  }

  /** Copies the rest, because the caller's chunk may be a window of a pool that is used again. */
  #keepFrom(bytes: Buffer, used: number): void {
    this.#buffer = used === bytes.length ? NOTHING : Buffer.from(bytes.subarray(used));
    this.#length = this.#buffer.length;
  }

  #append(chunk: Uint8Array): void {
    const needed = this.#length + chunk.length;
    if (needed > this.#buffer.length) {
      // Doubling: an event that comes in many small chunks is not copied once for each.
      const larger = Buffer.allocUnsafe(needed * 2);
      this.#buffer.copy(larger, 0, 0, this.#length);
      this.#buffer = larger;
    }
    this.#buffer.set(chunk, this.#length);
    this.#length = needed;
  }

  #giveUpEvent(): void {
    this.onPiece({ raw: this.#buffer.subarray(0, this.#length) });
    this.#overlong = true;
    this.#data = [];
    this.#line = this.#line === this.#length ? 0 : -1;
    this.#scanned = 0;
    this.#buffer = NOTHING;
    this.#length = 0;
  }
}

function joinLines(lines: readonly Buffer[]): Buffer {
  return Buffer.concat(lines.flatMap((line) => [NEWLINE, line])).subarray(1);
}
