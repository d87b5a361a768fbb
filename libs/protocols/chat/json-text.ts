import { asObject, type JsonObject } from '#usage/json.js';
import { isTooDeep } from './depth.js';

/** A call's arguments, as a model wrote them. undefined when the text is no JSON object, or one that nests without end. */
export function objectOf(text: string): JsonObject | undefined {
  try {
    const object = asObject(JSON.parse(text));
    return isTooDeep(object) ? undefined : object;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
