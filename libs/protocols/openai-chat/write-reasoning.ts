import type { JsonObject } from '#usage/json.js';
import type { ReasoningPart } from '../chat/chat-request.js';

/** The thoughts of a whole message: their text as most servers give it, and with OpenRouter's details where text is not all. */
export function writeReasoning(parts: readonly ReasoningPart[]): JsonObject {
  const text = parts.map((part) => part.text).join('');
  const isPlain = parts.every((part) => Object.keys(part).every((name) => plainMembers.has(name)));
  return {
    ...(text !== '' && { reasoning_content: text }),
    ...((!isPlain || parts.length > 1) && {
      reasoning_details: parts.flatMap((part, index) => writeDetails(part, index)),
    }),
  };
}

const plainMembers: ReadonlySet<string> = new Set<keyof ReasoningPart>(['kind', 'at', 'text', 'cache']);

/** What is known of one thought: of a whole one, or of a piece of a streamed one. */
export type Thought = Pick<ReasoningPart, 'isSummary' | 'signature' | 'redacted' | 'id'> & { readonly text?: string };

/** @param index what tells the pieces of one thought from those of another */
export function writeDetails(thought: Thought, index: number): JsonObject[] {
  const { isSummary = false, text, signature, redacted, id } = thought;
  const named = { index, ...(id !== undefined && { id }) };
  const encrypted = (data: string) => ({ type: 'reasoning.encrypted', data, ...named });
  const sealed = redacted === undefined ? [] : [encrypted(redacted)];
  if (isSummary) {
    const summary = text === undefined ? [] : [{ type: 'reasoning.summary', summary: text, ...named }];
    return [...summary, ...(signature === undefined ? [] : [encrypted(signature)]), ...sealed];
  }
  const isSaid = signature !== undefined || (text !== undefined && (text !== '' || redacted === undefined));
  const said = { ...(text !== undefined && { text }), ...(signature !== undefined && { signature }) };
  return [...(isSaid ? [{ type: 'reasoning.text', ...said, ...named }] : []), ...sealed];
}
