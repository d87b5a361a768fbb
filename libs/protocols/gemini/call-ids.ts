/** The calls of a function, and where the one stands that the next result without an id is for. */
interface Waiting {
  readonly ids: string[];
  next: number;
}

/**
 * Gemini matches results to calls by the function's name and their order, and only since Gemini 3 by an id. A call
 * without an id gets one from its position.
 */
export class CallIds {
  readonly #waiting = new Map<string, Waiting>();
  readonly #answered = new Set<string>();
  #calls = 0;

  /** @param prefix tells the calls of one answer from those of another: both can stand in one conversation. */
  constructor(private readonly prefix = 'call') {}

  called(id: string | undefined, name: string): string {
    const known = id === undefined || id === '' ? `${this.prefix}_${this.#calls}` : id;
    this.#calls += 1;
    const waiting = this.#waiting.get(name);
    if (waiting === undefined) this.#waiting.set(name, { ids: [known], next: 0 });
    else waiting.ids.push(known);
    return known;
  }

  /** The call that a result is for; undefined when it names none and no call of that function waits for one. */
  answered(id: string | undefined, name: string): string | undefined {
    const known = id === undefined || id === '' ? this.#nextOf(name) : id;
    if (known !== undefined) this.#answered.add(known);
    return known;
  }

  #nextOf(name: string): string | undefined {
    const waiting = this.#waiting.get(name);
    while (waiting !== undefined && waiting.next < waiting.ids.length) {
      const id = waiting.ids[waiting.next++];
      if (id !== undefined && !this.#answered.has(id)) return id;
    }
    return undefined;
  }
}
