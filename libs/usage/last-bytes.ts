/** An end or an error is told within these bytes of a stream's end. */
const MAX_BYTES = 16 * 1024;

/** The last bytes of a stream, as windows of its chunks. */
export class LastBytes {
  readonly #windows: Buffer[] = [];
  #length = 0;
  #isWhole = true;

  /** Nothing was left out. */
  get isWhole(): boolean {
    return this.#isWhole && this.#length <= MAX_BYTES;
  }

  get bytes(): Buffer {
    return Buffer.concat(this.#windows).subarray(-MAX_BYTES);
  }

  push(window: Buffer): void {
    this.#windows.push(window);
    this.#length += window.length;
    for (let first = this.#windows[0]; first && this.#length - first.length >= MAX_BYTES; first = this.#windows[0]) {
      this.#windows.shift();
      this.#length -= first.length;
      this.#isWhole = false;
    }
  }
}
