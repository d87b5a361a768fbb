import { hash, randomBytes } from 'node:crypto';

const keyLength = 32;

/**
 * Tells whether two multisets are equal, in any order and without keeping them: each element counts as a random 64-bit
 * number that it determines together with a key of this run alone, added for one side and subtracted for the other. Who
 * does not know the key cannot choose elements whose numbers cancel out, and by chance they do so once in 2⁶⁴.
 */
export class KeyedSums {
  readonly #key = randomBytes(keyLength);
  #sums = new BigUint64Array(1024);

  add(slot: number, element: Buffer): void {
    this.#change(slot, this.#numberOf(element));
  }

  subtract(slot: number, element: Buffer): void {
    this.#change(slot, -this.#numberOf(element));
  }

  /** @returns the first slot, below `slots`, whose two sides differ. */
  firstUnequal(slots: number): number | undefined {
    const found = this.#sums.subarray(0, slots).findIndex((sum) => sum !== 0n);
    return found === -1 ? undefined : found;
  }

  unequalCount(slots: number): number {
    return this.#sums.subarray(0, slots).reduce((count, sum) => count + (sum === 0n ? 0 : 1), 0);
  }

  #change(slot: number, by: bigint): void {
    if (slot >= this.#sums.length) {
      const larger = new BigUint64Array(Math.max(slot + 1, 2 * this.#sums.length));
      larger.set(this.#sums);
      this.#sums = larger;
    }
    this.#sums[slot] = BigInt.asUintN(64, (this.#sums[slot] ?? 0n) + by);
  }

  #numberOf(element: Buffer): bigint {
    return hash('sha256', Buffer.concat([this.#key, element]), 'buffer').readBigUInt64BE();
  }
}
