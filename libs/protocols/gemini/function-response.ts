import type { JsonObject } from '#usage/json.js';
import { objectOf } from '../chat/json-text.js';

export interface ResultText {
  readonly text: string;
  readonly isError: boolean;
}

/**
 * A function's response is an object here: `output` holds what it returned, `error` why it failed, and without either
 * the whole object is what it returned (https://ai.google.dev/api/caching#FunctionResponse).
 */
export function textOfResponse(response: JsonObject): ResultText {
  const names = Object.keys(response);
  const only = names.length === 1 ? names[0] : undefined;
  if (only !== 'output' && only !== 'error') return { text: JSON.stringify(response), isError: false };
  const value = response[only];
  return { text: typeof value === 'string' ? value : JSON.stringify(value), isError: only === 'error' };
}

/**
 * The response that is read back as this very text. Text that is an object in JSON stays that object, but for an empty
 * one: that stands beside the images of a result without a text.
 */
export function responseOfText({ text, isError }: ResultText): JsonObject {
  if (isError) return { error: text };
  const object = objectOf(text);
  if (object === undefined || Object.keys(object).length === 0) return { output: text };
  const read = textOfResponse(object);
  return !read.isError && read.text === text ? object : { output: text };
}
