import { Carry } from './carry.js';
import { type FrameParser, MAX_EVENT_BYTES, type OnFrame, TOO_LONG } from './frame.js';

const LF = 0x0a;
const CR = 0x0d;

/** One event per line. An LF ends it, a CR before that belongs to the end; the last line may have none. */
export class JsonLinesParser implements FrameParser {
  readonly #carry = new Carry();
  #overlong = false;

  constructor(
    private readonly onFrame: OnFrame,
    private readonly maxEventBytes = MAX_EVENT_BYTES,
  ) {}

  push(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    const scanned = this.#carry.length;
    const bytes = this.#carry.with(chunk);
    let start = 0;
    for (let end = bytes.indexOf(LF, scanned); end !== -1; end = bytes.indexOf(LF, start)) {
      this.#finishLine(bytes.subarray(start, end + 1));
      start = end + 1;
    }
    this.#carry.keep(bytes, start);
    // One more for the CR that does not count.
    if (this.#carry.length > this.maxEventBytes + 1) this.#giveUpLine();
  }

  end(): void {
    const raw = this.#carry.take();
    if (raw.length > 0) this.#finishLine(raw);
  }

  #finishLine(raw: Buffer): void {
    let end = raw.length;
    if (raw[end - 1] === LF) end -= 1;
    if (raw[end - 1] === CR) end -= 1;
    const wasGivenUp = this.#overlong;
    this.#overlong = false;
    if (end > this.maxEventBytes) this.onFrame({ raw, flaw: TOO_LONG });
    else this.onFrame(end === 0 || wasGivenUp ? { raw } : { raw, data: raw.subarray(0, end) });
  }

  #giveUpLine(): void {
    this.onFrame({ raw: this.#carry.take(), flaw: TOO_LONG });
    this.#overlong = true;
  }
}
