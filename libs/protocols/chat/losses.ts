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

/** A stream can lose something in each of its events: it is told once, and not for ever more. */
const MAX_LOSSES = 100;

/** What a conversion leaves out. Nothing is left out without an entry here. */
export class Losses {
  readonly #losses = new Map<string, Loss>();

  /** Without it the answer would be another. */
  add(at: string, reason: string): void {
    this.#keep({ at, reason, weight: 'meaning' });
  }

  /** The answer is the same without it. */
  hint(at: string, reason: string): void {
    this.#keep({ at, reason, weight: 'hint' });
  }

  list(): readonly Loss[] {
    return [...this.#losses.values()];
  }

  #keep(loss: Loss): void {
    const key = `${loss.at} ${loss.reason}`;
    if (this.#losses.size < MAX_LOSSES && !this.#losses.has(key)) this.#losses.set(key, loss);
  }
}
