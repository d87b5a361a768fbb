import { defined } from '../chat/defined.js';
import type { ReasoningPart } from '../chat/chat-request.js';
import type { Members } from '../chat/members.js';

/** One entry of OpenRouter's `reasoning_details` (https://openrouter.ai/docs/use-cases/reasoning-tokens). */
export interface ReasoningDetail {
  readonly kind: 'text' | 'summary' | 'encrypted';
  readonly at: string;
  /** Empty where a later entry brings the signature alone. */
  readonly text: string;
  readonly signature?: string;
  readonly data?: string;
  readonly id?: string;
  readonly index?: number;
  readonly format?: string;
}

/**
 * The thoughts of a message or a delta. Those servers that give details repeat the text of them beside; the others
 * give the text alone, as `reasoning_content` (DeepSeek and most) or as `reasoning` (Groq, OpenRouter, vLLM).
 */
export function readReasoningDetails(message: Members): ReasoningDetail[] {
  const details = message.objects('reasoning_details').flatMap(readDetail);
  const plain = message.string('reasoning_content') || undefined;
  const other = message.string('reasoning') || undefined;
  const text = plain ?? other;
  if (text === undefined || details.some((one) => one.text !== '')) return details;
  const at = message.pathOf(plain === undefined ? 'reasoning' : 'reasoning_content');
  return [{ kind: 'text', at, text }, ...details];
}

export function readReasoning(message: Members): ReasoningPart[] {
  const parts: ReasoningPart[] = [];
  let before: ReasoningDetail | undefined;
  for (const detail of readReasoningDetails(message)) {
    if (isOfSummary(detail, before)) {
      const summary = parts.pop()!;
      parts.push({ ...summary, ...(detail.id !== undefined && { id: detail.id }), signature: detail.data! });
    } else parts.push(partOf(detail));
    before = detail;
  }
  return parts;
}

/**
 * An encrypted thought and its summary are two entries, but one thought: under one index, or, where they come from
 * OpenAI's responses, one after the other.
 */
export function isOfSummary(detail: ReasoningDetail, before: ReasoningDetail | undefined): boolean {
  if (detail.kind !== 'encrypted' || before?.kind !== 'summary') return false;
  if (detail.id !== undefined && before.id !== undefined) return detail.id === before.id;
  return (detail.index !== undefined && detail.index === before.index) || detail.format?.startsWith('openai-') === true;
}

function partOf({ kind, at, text, signature, data, id }: ReasoningDetail): ReasoningPart {
  return defined<Omit<ReasoningPart, 'cache'>>({
    kind: 'reasoning',
    at,
    text,
    isSummary: kind === 'summary' ? true : undefined,
    signature,
    redacted: data,
    id,
  });
}

function readDetail(entry: Members): ReasoningDetail[] {
  const detail = {
    at: entry.at,
    ...defined<Pick<ReasoningDetail, 'id' | 'index' | 'format'>>({
      id: entry.string('id') || undefined,
      index: entry.integer('index'),
      format: entry.string('format') || undefined,
    }),
  };
  const type = entry.requiredString('type');
  switch (type) {
    case 'reasoning.text': {
      const signature = entry.string('signature') || undefined;
      return [
        { ...detail, kind: 'text', text: entry.string('text') ?? '', ...(signature !== undefined && { signature }) },
      ];
    }
    case 'reasoning.summary':
      return [{ ...detail, kind: 'summary', text: entry.string('summary') ?? '' }];
    case 'reasoning.encrypted':
      return [{ ...detail, kind: 'encrypted', text: '', data: entry.requiredString('data') }];
    default:
      entry.lose(`a thought of type ${type.slice(0, 40)} is not known here`);
      return [];
  }
}
