import type { Frame } from '#framing/frame.js';
import type { Note } from './count.js';
import type { JsonObject } from './json.js';
import type { OutputKind, Usage, UsageUnit } from './usage.js';

/** What an upstream has told so far. Later words replace earlier ones; nothing is summed. */
export interface Told {
  model?: string | undefined;
  tier?: string | undefined;
  /** How fast the answer was asked to be, where that is told beside the usage. */
  speed?: string | undefined;
  /** What the output is, where only the kind of event says it. */
  output?: OutputKind;
  usage?: JsonObject | undefined;
  /** What the answer itself shows outside its usage object, such as its images or its built-in tool calls. */
  units?: Partial<Record<UsageUnit, number>> | undefined;
  /** The usage came with the end of the answer, so it is not a count under way. */
  atEnd?: boolean;
}

/** What a usage object says, in canonical quantities. */
export interface Counted {
  readonly segments: Usage['segments'];
  readonly units?: Usage['units'] | undefined;
  readonly modifiers?: Usage['modifiers'] | undefined;
  readonly providerCost?: Usage['providerCost'] | undefined;
  /** Input and output are both there. */
  readonly complete: boolean;
}

export interface CountingContext {
  readonly provider: string;
  /** The served model, else the one asked for. */
  readonly model: string | undefined;
  readonly told: Told;
  readonly note: Note;
}

/** One protocol family. Everything that its providers share is here once; a provider states its differences only. */
export interface UsageFamily {
  /** The members that hold usage. An event without any of them bears on nothing and is not parsed, but for the first. */
  readonly usageMembers: readonly string[];
  /**
   * For a family whose streams are long: byte strings of which every event that counts has one, so that an SSE stream
   * can be skimmed. Those of at most six bytes whose first is rare in such a stream are found at memory speed.
   */
  readonly marks?: readonly Buffer[];
  /** A byte string of events whose count replaces all that was told before, so that of several only the last is heard. */
  readonly runningMark?: Buffer;
  /** Takes over what a whole JSON answer tells. */
  hearAnswer(answer: JsonObject, told: Told, note: Note): void;
  /** Takes over what one message of a stream tells. */
  hearEvent(message: JsonObject, told: Told, note: Note): void;
  /** True for the event that ends a stream in this protocol. */
  isEnd(event: Frame): boolean;
  /** @param usage the provider's usage object; empty when only `told.units` is known. */
  count(usage: JsonObject, context: CountingContext): Counted;
}
