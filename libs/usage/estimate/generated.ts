import { asObject } from '../json.js';

/**
 * A piece of what a model produced, as one message of its answer shows it. `uncounted`: something was produced that
 * cannot be counted from what passed, such as audio or encrypted reasoning; its text then says what.
 */
export interface Generated {
  readonly kind: 'text' | 'reasoning' | 'toolCall' | 'uncounted';
  /** Pieces of one lane follow each other; those of different choices, blocks or tool calls may be interleaved. */
  readonly lane: string;
  readonly text: string;
}

/** The pieces whose text is there and not empty. `lane` tells the choice, block or tool call. */
export function pieces(lane: unknown, texts: Readonly<Partial<Record<Generated['kind'], unknown>>>): Generated[] {
  const found: Generated[] = [];
  for (const kind of ['text', 'reasoning', 'toolCall', 'uncounted'] as const) {
    const text = texts[kind];
    if (typeof text === 'string' && text !== '') found.push({ kind, lane: laneOf(lane), text });
  }
  return found;
}

/** What a model wrote to call a tool: its name and its arguments, which are JSON text or an object. */
export function toolCall(lane: unknown, name: unknown, args: unknown): Generated[] {
  const written =
    asObject(args) === undefined ? args : Object.keys(args as object).length === 0 ? '' : JSON.stringify(args);
  return [...pieces(lane, { toolCall: name }), ...pieces(lane, { toolCall: written })];
}

/** What was told of the input early is exact for the first call of the model only: the results are read after it. */
export const READ_LATER = "input that the results of the server's own tools add";

/** The lane of an index within another; what is neither text nor a number is left out. */
export function laneOf(...indexes: unknown[]): string {
  return indexes.filter((index) => typeof index === 'string' || typeof index === 'number').join('.');
}
