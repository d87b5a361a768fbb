import type { JsonObject } from '#usage/json.js';
import { defined } from '../chat/defined.js';
import type { Target } from '../chat/chat-protocol.js';
import type { AssistantPart, Part, ReasoningPart, TextPart, ToolCall } from '../chat/chat-request.js';
import { objectOf } from '../chat/json-text.js';
import { writeMedia } from './media.js';
import type { Carried } from './thought-signature.js';

/**
 * The member that carries a signature, or nothing: to a client packed, because it is another provider's, and to Gemini
 * as it is.
 */
export type Sign = (carried: Carried) => JsonObject;

/** A part of the model's. undefined when it cannot be said; then it is told as a loss. */
export function writeAssistantPart(part: AssistantPart, sign: Sign, to: Target): JsonObject | undefined {
  hintCache(part, to);
  switch (part.kind) {
    case 'text':
      return writeText(part, sign);
    case 'reasoning':
      return writeReasoning(part, sign);
    case 'tool-call':
      return writeCall(part, sign, to);
    case 'refusal':
      to.losses.hint(part.at, 'a refusal is text like any other');
      return { text: part.text };
    case 'image':
      return writeMedia(part, to);
  }
}

export function writeText({ text, signature }: Pick<TextPart, 'text' | 'signature'>, sign: Sign): JsonObject {
  return { text, ...(signature !== undefined && sign({ signature })) };
}

export function writeReasoning(part: Pick<ReasoningPart, 'text'> & Carried, sign: Sign): JsonObject {
  const { text, signature, redacted, id, isSummary } = part;
  return { text, thought: true, ...sign(defined<Carried>({ signature, redacted, id, isSummary })) };
}

export function writeCall(call: Omit<ToolCall, 'kind'>, sign: Sign, to: Target): JsonObject {
  const { at, id, name, arguments: text, signature } = call;
  // A function that takes nothing is called with an empty text by some.
  const args = text.trim() === '' ? {} : objectOf(text);
  if (args === undefined) to.losses.add(`${at}.arguments`, 'they are no JSON object, and Gemini knows no others');
  return { functionCall: { id, name, args: args ?? {} }, ...(signature !== undefined && sign({ signature })) };
}

export function hintCache({ at, cache }: Pick<Part, 'at' | 'cache'>, to: Target): void {
  if (cache !== undefined) to.losses.hint(at, 'Gemini decides by itself what it caches');
}
