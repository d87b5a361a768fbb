/** The memory that all passing answers share. What is taken is given back by whoever took it. */
export class KeptBytes {
  #held = 0;

  constructor(readonly most: number) {}

  get held(): number {
    return this.#held;
  }

  /** @returns false, and takes nothing, when less than this is left. */
  take(bytes: number): boolean {
    if (this.#held + bytes > this.most) return false;
    this.#held += bytes;
    return true;
  }

  giveBack(bytes: number): void {
    if (bytes > this.#held) throw new Error(`${bytes} bytes are given back, but only ${this.#held} were taken.`);
    this.#held -= bytes;
  }
}
