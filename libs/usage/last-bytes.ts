/** An end or an error is told within these bytes of a stream's end. */
const MAX_BYTES = 16 * 1024;
/** A window of more is copied, so that what it is a window of can be freed. */
const MAX_WINDOW_BYTES = 256 * 1024;

/** The last bytes of a stream, as windows of its chunks. */
export class LastBytes {
  readonly #windows: Buffer[] = [];
  #kept = 0;
  #seen = 0;

  /** They are all the bytes that there were. */
  get isWhole(): boolean {
    return this.#seen <= MAX_BYTES;
  }

  get bytes(): Buffer {
    return Buffer.concat(this.#windows).subarray(-MAX_BYTES);
  }

  push(bytes: Buffer): void {
    const window = bytes.length > MAX_WINDOW_BYTES ? Buffer.from(bytes.subarray(-MAX_BYTES)) : bytes;
    this.#windows.push(window);
    this.#seen += bytes.length;
    this.#kept += window.length;
    for (let first = this.#windows[0]; first && this.#kept - first.length >= MAX_BYTES; first = this.#windows[0]) {
      this.#windows.shift();
      this.#kept -= first.length;
    }
  }
}
