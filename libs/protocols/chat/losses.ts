/** Something of a body that the target protocol has no place for. */
export interface Loss {
  /** Where it stands in the body it was read from, such as `messages.0.name`. */
  readonly at: string;
  /** A clause that completes "… cannot be converted:". */
  readonly reason: string;
  /**
   * meaning: without it the answer would be another, so only a caller who allows it loses it.
   * hint: the answer is the same without it (a cache mark, a label); it is left out, and listed.
   */
  readonly weight: 'meaning' | 'hint';
}

/** A stream can lose something in each of its events: so many of a weight are told by their places. */
const MAX_TOLD = 100;

/** What a conversion leaves out. Nothing is left out without an entry here, or without being counted in the last one. */
export class Losses {
  readonly #told = new Map<string, Loss>();
  /** How many of each weight there were. Each has room of its own: hints never hide what changes the meaning. */
  readonly #count = { meaning: 0, hint: 0 };

  /** Without it the answer would be another. */
  add(at: string, reason: string): void {
    this.#keep({ at, reason, weight: 'meaning' });
  }

  /** The answer is the same without it. */
  hint(at: string, reason: string): void {
    this.#keep({ at, reason, weight: 'hint' });
  }

  list(): readonly Loss[] {
    const more = (['meaning', 'hint'] as const).flatMap((weight): Loss[] => {
      const untold = this.#count[weight] - MAX_TOLD;
      return untold > 0 ? [{ at: '…', reason: `${untold} more`, weight }] : [];
    });
    return [...this.#told.values(), ...more];
  }

  #keep(loss: Loss): void {
    const key = `${loss.at} ${loss.reason}`;
    if (this.#told.has(key)) return;
    this.#count[loss.weight] += 1;
    if (this.#count[loss.weight] <= MAX_TOLD) this.#told.set(key, loss);
  }
}
