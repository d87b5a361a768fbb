import type { JsonObject } from './json.js';
import { PLAIN_TEXT } from './plain-text.js';

/** Records what is odd about a usage object. The detail names fields and numbers, never content. */
export type Note = (code: AnomalyCode, detail: string) => void;

export type AnomalyCode =
  /** A count is not a non-negative integer: it is taken as absent. */
  | 'count_invalid'
  /** The parts of a count are more than the whole: they are cut down to it. */
  | 'part_exceeds_whole'
  /** The parts of a count are less than the whole: what is left of it is taken for text. */
  | 'parts_incomplete'
  /** The provider's own total is not the sum of its parts. */
  | 'total_mismatch'
  /** Tokens of a kind that is not known are taken for text. */
  | 'modality_unknown'
  /** What was processed is told, but not what is billed of it. */
  | 'billed_units_absent'
  /** A duration is no whole number of milliseconds. */
  | 'duration_rounded'
  | 'iteration_unknown'
  /** The provider states what it charges, but not as an amount that can be held exactly. */
  | 'cost_invalid'
  /** The provider's own charge has more decimals than an amount: it is rounded half to even at the last one. */
  | 'cost_rounded'
  | 'too_many_segments'
  /** A name was given that no event can carry. It may have decided the price, so the usage is not final. */
  | 'name_invalid'
  | 'unreadable'
  /** Not one event, and no answer: the bytes are something else, or of another format. */
  | 'nothing_read'
  /** The body is gzip that is broken: a checksum is wrong or missing, so its numbers may be wrong. */
  | 'compression_invalid'
  | 'answer_too_large'
  | 'raw_too_large'
  /** The upstream reported an error within its stream. */
  | 'stream_error';

/** A count of the provider's: null is as good as absent, 0 is 0. */
export function countIn(object: JsonObject | undefined, name: string, note: Note): number | undefined {
  const value = object?.[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
  note('count_invalid', `${name} is ${typeof value === 'number' ? String(value) : `a ${typeof value}`}.`);
  return undefined;
}

/** What the usage event's schema takes of a model's name, and of any other word. */
const MAX_NAME_CHARACTERS = { model: 256, word: 64 } as const;

/** The members that name a model. */
const MODEL_MEMBERS: ReadonlySet<string> = new Set(['model', 'modelVersion', 'invokedModelId']);

/** A model's name or another word of the provider's. An empty one is as good as absent. */
export function nameIn(object: JsonObject | undefined, name: string, note: Note): string | undefined {
  const value = object?.[name];
  if (value === undefined || value === null || value === '') return undefined;
  const most = MAX_NAME_CHARACTERS[MODEL_MEMBERS.has(name) ? 'model' : 'word'];
  const flaw = flawOf(value, most);
  if (flaw === undefined) return value as string;
  note('name_invalid', `${name} ${flaw}.`);
  return undefined;
}

function flawOf(value: unknown, most: number): string | undefined {
  if (typeof value !== 'string') return `is a ${typeof value}`;
  if (value.length > most) return `is longer than ${most} characters`;
  return PLAIN_TEXT.test(value) ? undefined : 'holds a control character or half of a surrogate pair';
}

/** A whole that is divided into disjoint parts. A part takes at most what is left, so that nothing is counted twice. */
export class Division {
  #left: number | undefined;

  constructor(
    private readonly name: string,
    private readonly whole: number | undefined,
    private readonly note: Note,
  ) {
    this.#left = whole;
  }

  /** @returns what the part gets: absent when it is absent, all of it when the whole is unknown. */
  take(part: string, count: number | undefined): number | undefined {
    if (count === undefined || this.#left === undefined) return count;
    if (count > this.#left) {
      this.note(
        'part_exceeds_whole',
        `${part} is ${count}, but only ${this.#left} of ${this.name} ${this.whole} is left.`,
      );
    }
    const taken = Math.min(count, this.#left);
    this.#left -= taken;
    return taken;
  }

  rest(): number | undefined {
    return this.#left;
  }
}
