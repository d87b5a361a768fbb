const NOTHING = Buffer.alloc(0);

/** The bytes that a parser cannot use before more come. */
export class Carry {
  #buffer: Buffer = NOTHING;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** @returns what was kept, with the chunk behind it. */
  with(chunk: Uint8Array): Buffer {
    if (this.#length === 0) return asBuffer(chunk);
    const needed = this.#length + chunk.length;
    if (needed > this.#buffer.length) {
      // Doubling: an event that comes in many small chunks is not copied once for each.
      const larger = Buffer.allocUnsafe(needed * 2);
      this.#buffer.copy(larger, 0, 0, this.#length);
      this.#buffer = larger;
    }
    this.#buffer.set(chunk, this.#length);
    this.#length = needed;
    return this.#buffer.subarray(0, needed);
  }

  /** @param bytes what `with` gave; it is kept from `used` on. */
  keep(bytes: Buffer, used: number): void {
    if (used === 0 && bytes.length === this.#length) return;
    // A copy: the chunk may be a window of a pool that is used again, and what was handed out is not written to.
    this.#buffer = used === bytes.length ? NOTHING : Buffer.from(bytes.subarray(used));
    this.#length = this.#buffer.length;
  }

  /** @returns what was kept, and keeps nothing. */
  take(): Buffer {
    const bytes = this.#buffer.subarray(0, this.#length);
    this.#buffer = NOTHING;
    this.#length = 0;
    return bytes;
  }
}

/** The same bytes, not a copy. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
