import type { Generated } from './generated.js';
import type { KeptBytes } from './kept-bytes.js';

export type TextKind = Exclude<Generated['kind'], 'uncounted'>;

/** What a model produced, as far as it passed. */
export interface PassedText {
  /** A text per choice, block or tool call. */
  readonly texts: Readonly<Record<TextKind, readonly string[]>>;
  /** What was generated beyond what is kept. Unit: UTF-8 bytes. */
  readonly dropped: Readonly<Record<TextKind, number>>;
  /** What else was produced, and cannot be counted from what passed. */
  readonly uncounted: readonly string[];
  /** The upstream had begun to answer: it sent a message, or a whole answer, that is no error. */
  readonly begun: boolean;
  /** The upstream reported an error. */
  readonly failed: boolean;
}

/** An answer has a handful of choices, blocks and tool calls; beyond this they are one text. */
const MAX_LANES = 256;

/** The text of one answer, gathered piece by piece, within its own bound and the shared one. */
export class GatheredText {
  readonly #lanes = new Map<string, { kind: TextKind; parts: string[] }>();
  readonly #dropped = { text: 0, reasoning: 0, toolCall: 0 };
  readonly #uncounted = new Set<string>();
  #held = 0;

  /** @param most what is kept at most. Unit: bytes of memory. */
  constructor(
    private readonly budget: KeptBytes,
    private readonly most: number,
  ) {}

  add({ kind, lane, text }: Generated): void {
    if (kind === 'uncounted') {
      this.#uncounted.add(text);
      return;
    }
    // A string takes up to two bytes for each of its UTF-16 code units.
    const bytes = text.length * 2;
    // Once some is dropped all the rest is: what is kept is the beginning, however the budget comes and goes.
    const isFull = this.#dropped[kind] > 0 || this.#held + bytes > this.most || !this.budget.take(bytes);
    if (isFull) {
      this.#dropped[kind] += Buffer.byteLength(text);
      return;
    }
    this.#held += bytes;
    this.#lane(kind, lane).push(text);
  }

  texts(): Pick<PassedText, 'texts' | 'dropped' | 'uncounted'> {
    const lanes = [...this.#lanes.values()];
    const textsOf = (kind: TextKind) => lanes.filter((lane) => lane.kind === kind).map(({ parts }) => parts.join(''));
    return {
      texts: { text: textsOf('text'), reasoning: textsOf('reasoning'), toolCall: textsOf('toolCall') },
      dropped: { ...this.#dropped },
      uncounted: [...this.#uncounted],
    };
  }

  release(): void {
    this.budget.giveBack(this.#held);
    this.#held = 0;
    this.#lanes.clear();
  }

  #lane(kind: TextKind, lane: string): string[] {
    const key = this.#lanes.size < MAX_LANES ? `${kind} ${lane.slice(0, 64)}` : kind;
    const known = this.#lanes.get(key) ?? this.#lanes.get(`${kind} ${lane.slice(0, 64)}`);
    if (known !== undefined) return known.parts;
    const parts: string[] = [];
    this.#lanes.set(key, { kind, parts });
    return parts;
  }
}
