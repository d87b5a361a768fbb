import type { JsonObject } from '#usage/json.js';
import type { ChatAnswer } from '../chat/chat-answer.js';
import type { Target } from '../chat/chat-protocol.js';
import type { AssistantPart, ReasoningPart, TextPart } from '../chat/chat-request.js';
import { packSignature, type Carried } from './carried-signature.js';
import { writeCitation } from './citations.js';
import { writeStop } from './stop-reason.js';
import { writeToolUse } from './write-blocks.js';
import { writeUsage } from './write-usage.js';

/** Who calls a tool: there is nobody but the model. */
const caller = { type: 'direct' };

export function writeAnswer(answer: ChatAnswer, to: Target): JsonObject {
  const [choice, ...others] = answer.choices;
  if (others.length > 0) to.losses.add('choices', 'it gives one answer');
  const parts = choice?.parts ?? [];
  const hasRefusal = parts.some(({ kind }) => kind === 'refusal');
  if (answer.usage === undefined || answer.usage.segments.length === 0) tellNoUsage(to);
  const usage = writeUsage(answer.usage);
  return {
    ...openMessage(answer, to),
    content: parts.flatMap((part) => writePart(part, to)),
    ...writeStop(choice?.stop, hasRefusal, to.losses),
    usage: { ...usage, service_tier: usage.service_tier ?? tierOf(answer) },
  };
}

/** A message with nothing in it yet. All of its members are required; they are null where nothing is told. */
export function openMessage({ id, model }: Pick<ChatAnswer, 'id' | 'model'>, to: Target) {
  return {
    id: id ?? to.id,
    type: 'message',
    role: 'assistant',
    model: model ?? to.model,
    content: [],
    container: null,
    diagnostics: null,
    stop_reason: null,
    stop_sequence: null,
    stop_details: null,
  };
}

/** SDKs want numbers. */
export function tellNoUsage(to: Target): void {
  to.losses.hint('usage', 'the upstream told none: 0 stands for it');
}

function writePart(part: AssistantPart, to: Target): JsonObject[] {
  switch (part.kind) {
    case 'text':
      return part.text === '' ? [] : [writeText(part, to)];
    case 'reasoning':
      return writeThought(part);
    case 'tool-call': {
      const call = { ...writeToolUse(part, part.id, to.losses), caller };
      return part.signature === undefined ? [call] : [signatureOfCall(part.signature), call];
    }
    case 'refusal':
      // The reason why it stopped says that it is one.
      return part.text === '' ? [] : [{ type: 'text', text: part.text }];
    case 'image':
      to.losses.add(part.at, 'its answers have no images');
      return [];
  }
}

function writeText(part: TextPart, to: Target): JsonObject {
  tellTextLosses(part, part.at, to);
  const citations = part.citations?.map((citation) =>
    writeCitation(citation, { at: part.at, length: part.text.length }, to.losses),
  );
  return { type: 'text', text: part.text, ...(citations !== undefined && { citations }) };
}

/** Text has no place for them here, neither whole nor in pieces. */
export function tellTextLosses(text: Pick<TextPart, 'signature' | 'logprobs'>, at: string, to: Target): void {
  if (text.logprobs !== undefined) to.losses.add(`${at}.logprobs`, 'it tells no probabilities');
  if (text.signature !== undefined) to.losses.hint(`${at}.signature`, 'it has none there');
}

function writeThought(part: ReasoningPart): JsonObject[] {
  const { text, redacted } = part;
  if (redacted !== undefined) return [redactedThought(redacted, part)];
  const signature = packSignature(carriedBy(part));
  return text === '' && signature === '' ? [] : [{ type: 'thinking', thinking: text, signature }];
}

export function redactedThought(redacted: string, part: Pick<ReasoningPart, 'id' | 'isSummary'>): JsonObject {
  return { type: 'redacted_thinking', data: packSignature({ ...carriedBy(part), signature: redacted }) };
}

export function carriedBy({
  signature,
  id,
  isSummary,
}: Pick<ReasoningPart, 'signature' | 'id' | 'isSummary'>): Carried {
  return {
    ...(signature !== undefined && { signature }),
    ...(id !== undefined && { id }),
    ...(isSummary !== undefined && { isSummary }),
  };
}

/** The thought before a tool call that carries the call's signature to the client and back. */
export function signatureOfCall(signature: string): JsonObject {
  return { type: 'thinking', thinking: '', signature: packSignature({ signature, ofCall: true }) };
}

export function openToolUse(id: string, name: string): JsonObject {
  return { type: 'tool_use', id, name, input: {}, caller };
}

function tierOf({ serviceTier }: ChatAnswer): string | null {
  return serviceTier === 'default' ? 'standard' : serviceTier === 'priority' ? serviceTier : null;
}
