import { asBuffer } from './carry.js';
import { type FrameParser, MAX_EVENT_BYTES, type OnFrame } from './frame.js';
import { SseParser } from './sse.js';

/**
 * What always ends an event, and ends in an LF, so that a parser may begin anew behind it. An event may also end
 * otherwise (in CRs, or in a mixture): then it is only taken together with the next one.
 */
const EVENT_ENDS = [Buffer.from('\n\n'), Buffer.from('\r\n\r\n')] as const;

/**
 * Reads a stream of which few events matter. Those with one of the `marks` are parsed as SseParser does; whole runs of
 * others come as one frame without data, found by a native search over the chunk and never looked at. An event that
 * is split over chunks is always parsed.
 */
export class SseSkimmer implements FrameParser {
  /** Byte strings without line ends. While they are undefined every event is parsed. */
  marks: readonly Buffer[] | undefined;
  readonly #parser: SseParser;
  /** The one that this stream uses, as far as is known: the other is looked for where it is not found. */
  #eventEnd: Buffer = EVENT_ENDS[0];

  constructor(
    private readonly onFrame: OnFrame,
    private readonly maxEventBytes = MAX_EVENT_BYTES,
  ) {
    this.#parser = new SseParser(onFrame, maxEventBytes);
  }

  push(chunk: Uint8Array): void {
    const bytes = asBuffer(chunk);
    const start = this.#parser.isBetweenEvents ? 0 : (this.#find(bytes, 'first') ?? bytes.length);
    if (start > 0) this.#parser.push(bytes.subarray(0, start));
    const end = Math.max(start, this.#find(bytes, 'last') ?? 0);
    if (end > start) this.#skim(window(bytes, start, end));
    if (end < bytes.length) this.#parser.push(bytes.subarray(end));
  }

  end(): void {
    this.#parser.end();
  }

  /** @param bytes whole events. */
  #skim(bytes: Buffer): void {
    // More than one event can be: an overlong one is among them, perhaps.
    const isHuge = bytes.length > this.maxEventBytes;
    let start = 0;
    while (start < bytes.length) {
      // They may change with every event that is read.
      const marks = isHuge || this.#parser.isAtStart ? undefined : this.marks;
      const at = marks === undefined ? start : indexOfAny(bytes, marks, start);
      if (at === -1) break;
      const before = bytes.lastIndexOf(this.#eventEnd, at);
      const eventStart = before < start ? start : before + this.#eventEnd.length;
      if (eventStart > start) this.onFrame({ raw: bytes.subarray(start, eventStart) });
      start = this.#endOf(bytes, at);
      this.#parser.push(bytes.subarray(eventStart, start));
    }
    if (start < bytes.length) this.onFrame({ raw: window(bytes, start, bytes.length) });
  }

  /** Where the event at `from` ends; where the bytes do, if they do not show it. */
  #endOf(bytes: Buffer, from: number): number {
    const at = bytes.indexOf(this.#eventEnd, from);
    return at === -1 ? bytes.length : at + this.#eventEnd.length;
  }

  /** Where the first or the last whole event ends; undefined when none does. */
  #find(bytes: Buffer, which: 'first' | 'last'): number | undefined {
    // The common case first: a chunk is an event.
    if (which === 'last' && endsWith(bytes, this.#eventEnd)) return bytes.length;
    const [lf, crlf] = EVENT_ENDS;
    for (const eventEnd of this.#eventEnd === lf ? [lf, crlf] : [crlf, lf]) {
      const at = which === 'first' ? bytes.indexOf(eventEnd) : bytes.lastIndexOf(eventEnd);
      if (at === -1) continue;
      this.#eventEnd = eventEnd;
      return at + eventEnd.length;
    }
    return undefined;
  }
}

function indexOfAny(bytes: Buffer, marks: readonly Buffer[], start: number): number {
  let first = -1;
  for (const mark of marks) {
    const at = bytes.indexOf(mark, start);
    if (at !== -1 && (first === -1 || at < first)) first = at;
  }
  return first;
}

function endsWith(bytes: Buffer, end: Buffer): boolean {
  for (let i = 1; i <= end.length; i += 1) if (bytes[bytes.length - i] !== end[end.length - i]) return false;
  return true;
}

// Making a window costs as much as searching an event.
const window = (bytes: Buffer, start: number, end: number): Buffer =>
  start === 0 && end === bytes.length ? bytes : bytes.subarray(start, end);
