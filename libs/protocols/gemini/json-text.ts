import { asObject, type JsonObject } from '#usage/json.js';

/** undefined when the text is no JSON object. */
export function objectOf(text: string): JsonObject | undefined {
  try {
    return asObject(JSON.parse(text));
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
