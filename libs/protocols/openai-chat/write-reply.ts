import type { JsonObject } from '#usage/json.js';
import type { Target } from '../chat/chat-protocol.js';
import type { AssistantPart, ToolCall } from '../chat/chat-request.js';
import { writeSignature } from '../openai/google-extra.js';
import { writeReasoning } from './write-reasoning.js';

export function isOfKind<Kind extends AssistantPart['kind']>(kind: Kind) {
  return (part: AssistantPart): part is AssistantPart & { readonly kind: Kind } => part.kind === kind;
}

/** The members that a past turn and an answer have in common. */
export function writeReply(parts: readonly AssistantPart[], to: Target): JsonObject {
  tellOrder(parts, to);
  const texts = parts.filter(isOfKind('text'));
  const refusals = parts.filter(isOfKind('refusal'));
  const calls = parts.filter(isOfKind('tool-call'));
  const signatures = texts.flatMap(({ signature }) => signature ?? []);
  if (signatures.length > 1) to.losses.add(texts[0]!.at, 'of several signatures of text only the last is kept');
  const isSilent = texts.length === 0 && (refusals.length > 0 || calls.length > 0);
  return {
    content: isSilent ? null : texts.map(({ text }) => text).join(''),
    ...(refusals.length > 0 && { refusal: refusals.map(({ text }) => text).join('') }),
    ...writeReasoning(parts.filter(isOfKind('reasoning'))),
    ...(calls.length > 0 && { tool_calls: calls.map(writeCall) }),
    ...writeSignature(signatures.at(-1)),
  };
}

function writeCall({ id, name, arguments: text, signature }: ToolCall): JsonObject {
  return { id, type: 'function', function: { name, arguments: text }, ...writeSignature(signature) };
}

const rank = { reasoning: 0, text: 1, refusal: 1, image: 1, 'tool-call': 2 } as const satisfies Record<
  AssistantPart['kind'],
  number
>;

/** A message has one text, one list of calls and one of thoughts: how they took turns cannot be said. */
function tellOrder(parts: readonly AssistantPart[], to: Target): void {
  const late = parts.find((part, index) => index > 0 && rank[part.kind] < rank[parts[index - 1]!.kind]);
  if (late !== undefined) tellMoved(late, to);
}

export function tellMoved({ kind, at }: Pick<AssistantPart, 'kind' | 'at'>, to: Target): void {
  to.losses.hint(
    at,
    kind === 'reasoning' ? 'a later thought is told before the text' : 'text after a tool call is told before it',
  );
}

/** Whether a part of the first kind, coming after one of the second, is told before it. */
export function isMoved(kind: AssistantPart['kind'], after: AssistantPart['kind']): boolean {
  return rank[kind] < rank[after];
}
