import type { JsonObject } from '#usage/json.js';
import type { Target } from '../chat/chat-protocol.js';
import type { AssistantPart, Part, ReasoningPart, TextPart, ToolCall } from '../chat/chat-request.js';
import { objectOf } from './json-text.js';
import { writeMedia } from './media.js';

/** A part of the model's. undefined when it cannot be said; then it is told as a loss. */
export function writeAssistantPart(part: AssistantPart, to: Target): JsonObject | undefined {
  hintCache(part, to);
  switch (part.kind) {
    case 'text':
      return writeText(part);
    case 'reasoning':
      return writeReasoning(part, to);
    case 'tool-call':
      return writeCall(part, to);
    case 'refusal':
      to.losses.hint(part.at, 'a refusal is text like any other');
      return { text: part.text };
    case 'image':
      return writeMedia(part, to);
  }
}

export function writeText({ text, signature }: Pick<TextPart, 'text' | 'signature'>): JsonObject {
  return { text, ...(signature !== undefined && { thoughtSignature: signature }) };
}

/** A thought that nobody may read is a signature without a text: an empty text tells the thought that is not shown. */
export function writeReasoning(part: Omit<ReasoningPart, 'kind' | 'cache'>, to: Target): JsonObject {
  const { at, text, signature, redacted, id } = part;
  if (id !== undefined) to.losses.hint(at, 'a thought has no id');
  if (redacted !== undefined) return { thought: true, thoughtSignature: redacted };
  return { text, thought: true, ...(signature !== undefined && { thoughtSignature: signature }) };
}

export function writeCall(
  { at, id, name, arguments: text, signature }: Omit<ToolCall, 'kind'>,
  to: Target,
): JsonObject {
  // A function that takes nothing is called with an empty text by some.
  const args = text.trim() === '' ? {} : objectOf(text);
  if (args === undefined) to.losses.add(`${at}.arguments`, 'they are no JSON object, and Gemini knows no others');
  return {
    functionCall: { id, name, args: args ?? {} },
    ...(signature !== undefined && { thoughtSignature: signature }),
  };
}

export function hintCache({ at, cache }: Pick<Part, 'at' | 'cache'>, to: Target): void {
  if (cache !== undefined) to.losses.hint(at, 'Gemini decides by itself what it caches');
}
