import { crc32 } from 'node:zlib';
import { Gunzip } from 'fflate';

/** Bytes are inflated in blocks of this size, counted from the start: however they come, a broken body gives as much. */
const BLOCK_BYTES = 4096;
/** A gzip member's length field counts no further. */
const MAX_INFLATED_BYTES = 4 * 1024 ** 3 - 1;
/** The CRC-32 and the length of what a member holds (RFC 1952, 2.3.1). */
const TRAILER_BYTES = 8;
const MAGIC = [0x1f, 0x8b] as const;
const NOTHING = Buffer.alloc(0);

interface Sinks {
  readonly onBytes: (bytes: Uint8Array) => void;
  /** Gets a sentence: bytes that were passed on may be wrong, and no more come. */
  readonly onFlaw: (flaw: string) => void;
}

/** Passes a body on, inflated where it begins as gzip does. */
export class GzipStage {
  #first: number | undefined;
  #isKnown = false;
  #inflater: GzipInflater | undefined;

  constructor(private readonly sinks: Sinks) {}

  push(chunk: Uint8Array): void {
    if (!this.#isKnown) return this.#recognise(chunk);
    if (this.#inflater === undefined) this.sinks.onBytes(chunk);
    else this.#inflater.push(chunk);
  }

  end(): void {
    if (!this.#isKnown && this.#first !== undefined) this.sinks.onBytes(Uint8Array.of(this.#first));
    this.#inflater?.end();
  }

  #recognise(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    const first = this.#first ?? chunk[0];
    const second = this.#first === undefined ? chunk[1] : chunk[0];
    if (first === MAGIC[0] && second === undefined) {
      this.#first = first;
      return;
    }
    this.#isKnown = true;
    if (first === MAGIC[0] && second === MAGIC[1]) this.#inflater = new GzipInflater(this.sinks);
    if (this.#first !== undefined) this.push(Uint8Array.of(this.#first));
    this.push(chunk);
  }
}

/**
 * Inflates gzip of one or more members. Output is handed out block by block, so that at most 1,032 times a block is in
 * memory, which is the most that DEFLATE compresses. A body that breaks off gives what came until then.
 */
class GzipInflater {
  readonly #gunzip = new Gunzip((bytes) => this.#keep(bytes));
  /** What the last block gave. */
  readonly #inflated: Uint8Array[] = [];
  #block = Buffer.allocUnsafe(BLOCK_BYTES);
  #filled = 0;
  /** The two blocks that were inflated last: a member's trailer is in them. */
  #recent: Buffer = NOTHING;
  #readBytes = 0;
  #inflatedBytes = 0;
  #member = { crc: 0, bytes: 0 };
  #isBroken = false;

  constructor(private readonly sinks: Sinks) {
    this.#gunzip.onmember = (offset) => this.#finishMember(offset);
  }

  push(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.length && !this.#isBroken;) {
      const part = chunk.subarray(at, at + BLOCK_BYTES - this.#filled);
      this.#block.set(part, this.#filled);
      this.#filled += part.length;
      at += part.length;
      if (this.#filled === BLOCK_BYTES) this.#inflate();
    }
  }

  end(): void {
    if (!this.#isBroken) this.#inflate();
    if (!this.#isBroken) this.#finishMember(this.#readBytes);
  }

  #inflate(): void {
    const block = this.#block.subarray(0, this.#filled);
    // The inflater keeps what it cannot use yet.
    this.#block = Buffer.allocUnsafe(BLOCK_BYTES);
    this.#filled = 0;
    this.#recent = Buffer.concat([this.#recent.subarray(-BLOCK_BYTES), block]);
    this.#readBytes += block.length;
    let isGzip = true;
    try {
      this.#gunzip.push(block);
    } catch {
      // Nothing but the inflater runs in there: whatever it throws is about the bytes.
      isGzip = false;
    }
    for (const bytes of this.#inflated.splice(0)) this.sinks.onBytes(bytes);
    if (!isGzip) this.#break('The body is not the gzip that it begins as.');
  }

  #keep(bytes: Uint8Array): void {
    if (this.#isBroken || bytes.length === 0) return;
    this.#inflatedBytes += bytes.length;
    if (this.#inflatedBytes > MAX_INFLATED_BYTES) return this.#break('The gzip body inflates to more than 4 GiB.');
    this.#member = { crc: crc32(bytes, this.#member.crc), bytes: this.#member.bytes + bytes.length };
    this.#inflated.push(bytes);
  }

  /** @param end where the member's trailer ended, in bytes of the body. */
  #finishMember(end: number): void {
    const trailer = end - TRAILER_BYTES - (this.#readBytes - this.#recent.length);
    const isWhole =
      trailer >= 0 &&
      this.#recent.readUInt32LE(trailer) === this.#member.crc &&
      this.#recent.readUInt32LE(trailer + 4) === this.#member.bytes;
    this.#member = { crc: 0, bytes: 0 };
    if (!isWhole) this.#break('The gzip body broke off, or fails its checksum.');
  }

  #break(flaw: string): void {
    if (this.#isBroken) return;
    this.#isBroken = true;
    this.sinks.onFlaw(flaw);
  }
}
