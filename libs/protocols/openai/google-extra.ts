import type { JsonObject } from '#usage/json.js';
import type { Members } from '../chat/members.js';

/**
 * What Google's endpoint of this protocol adds to messages, deltas and tool calls
 * (https://ai.google.dev/gemini-api/docs/thought-signatures).
 */
export interface GoogleExtra {
  readonly signature?: string;
  /** The content holds thoughts, between `<thought>` and `</thought>`. */
  readonly isThought: boolean;
}

export function readGoogleExtra(members: Members): GoogleExtra {
  const google = members.object('extra_content')?.object('google');
  // Beside it stands a copy, in an older place.
  const copy = members.string('thought_signature');
  const signature = (google?.string('thought_signature') ?? copy) || undefined;
  return { isThought: google?.boolean('thought') === true, ...(signature !== undefined && { signature }) };
}

export function writeSignature(signature: string | undefined): JsonObject {
  return signature === undefined ? {} : { extra_content: { google: { thought_signature: signature } } };
}

export const THOUGHT_OPENS = '<thought>';
export const THOUGHT_ENDS = '</thought>';
