import { defined } from '../chat/defined.js';
import type { ChatAnswer, Choice } from '../chat/chat-answer.js';
import type { AssistantPart, TextPart } from '../chat/chat-request.js';
import type { Members } from '../chat/members.js';
import { CallIds } from './call-ids.js';
import { listOf } from './list-of.js';
import { readLogprobs } from './logprobs.js';
import { readCitations, type ByteCitation } from './read-citations.js';
import { addAssistantPart } from './joined-parts.js';
import { readPart } from './read-parts.js';
import { readServiceTier } from './service-tier.js';
import { readFinishReason, readStop } from './stop-reason.js';
import { bytesOf, placeCitation } from './text-offsets.js';

/** https://ai.google.dev/api/generate-content#generatecontentresponse @throws InvalidBody */
export function readAnswer(body: Members): ChatAnswer {
  // An answer may lack its candidates, but then it says why, or what it took.
  if (!ANSWERS.some((name) => body.has(name))) body.missing('candidates');
  const head = readHead(body);
  const calls = answerCallIds(head.id);
  const choices = listOf(body, 'candidates').map((candidate, index) => readCandidate(candidate, index, calls));
  return { ...head, choices: choices.length === 0 && isBlocked(body) ? [blocked] : choices };
}

const ANSWERS = ['candidates', 'promptFeedback', 'usageMetadata', 'responseId'] as const;

/** A prompt that Google's filters stop gets no candidate. */
export const blocked: Choice = { index: 0, parts: [], stop: { reason: 'content-filter' } };

/** Every part of a client's conversation needs an id of its own: the answer's own id makes those of its calls. */
export function answerCallIds(answerId: string | undefined): CallIds {
  return new CallIds(answerId === undefined ? undefined : `call_${answerId}`);
}

/** What a whole answer and each chunk of a stream tell beside the candidates. */
export function readHead(body: Members): Omit<ChatAnswer, 'choices' | 'usage'> {
  const createdMs = Date.parse(body.string('createTime') ?? '');
  const tier = body.json('usageMetadata')?.['serviceTier'];
  // The state of the model in Google's catalogue.
  body.ignore('modelStatus');
  return defined<Omit<ChatAnswer, 'choices' | 'usage'>>({
    id: body.string('responseId') || undefined,
    model: body.string('modelVersion') || undefined,
    createdAt: Number.isNaN(createdMs) ? undefined : Math.floor(createdMs / 1000),
    serviceTier: typeof tier === 'string' ? readServiceTier(tier) : undefined,
  });
}

export function isBlocked(body: Members): boolean {
  const feedback = body.object('promptFeedback');
  // They are there for every prompt, and the reason says whether one of them was decisive.
  feedback?.ignore('safetyRatings');
  feedback?.hint('blockReasonMessage', 'a filter has no message');
  const reason = feedback?.string('blockReason') ?? 'BLOCKED_REASON_UNSPECIFIED';
  return reason !== 'BLOCKED_REASON_UNSPECIFIED';
}

/** Of a candidate, what says nothing that its parts and its finish reason do not say. */
export function ignoreRatings(candidate: Members, finishReason: string | undefined): void {
  candidate.ignore('safetyRatings', 'avgLogprobs', 'tokenCount');
  if (finishReason === 'STOP') candidate.ignore('finishMessage');
  else candidate.hint('finishMessage', 'the end of an answer has no message');
}

function readCandidate(candidate: Members, position: number, calls: CallIds): Choice {
  const content = candidate.object('content');
  // It is the model's in any case.
  content?.ignore('role');
  const parts: AssistantPart[] = [];
  const partStarts: number[] = [];
  let bytes = 0;
  for (const members of content ? listOf(content, 'parts') : []) {
    const part = readPart(members, calls);
    partStarts.push(bytes);
    if (part?.kind === 'text') bytes += bytesOf(part.text);
    if (part !== undefined && isModels(part, members)) addAssistantPart(parts, part);
  }
  const index = candidate.integer('index') ?? position;
  const finishReason = readFinishReason(candidate);
  ignoreRatings(candidate, finishReason);
  const cited = cite(parts, readCitations(candidate, partStarts), candidate);
  const choice: Choice = { index, parts: withLogprobs(cited, candidate) };
  if (finishReason === undefined) return choice;
  const hasCalls = parts.some(({ kind }) => kind === 'tool-call');
  return { ...choice, stop: readStop(finishReason, hasCalls, candidate.pathOf('finishReason'), candidate.losses) };
}

/** Whether an answer can hold it; else it is told as a loss. */
export function isModels(part: { readonly kind: string }, members: Members): part is AssistantPart {
  const isOthers = ['file', 'audio', 'tool-result'].includes(part.kind);
  if (isOthers) members.lose('no other protocol takes it from a model');
  return !isOthers;
}

function cite(parts: readonly AssistantPart[], citations: readonly ByteCitation[], from: Members): AssistantPart[] {
  const places = parts.flatMap((part, index) => (part.kind === 'text' ? [{ index, text: part.text }] : []));
  const texts = places.map(({ text }) => text);
  const cited = [...parts];
  for (const citation of citations) {
    const placed = placeCitation(texts, citation);
    if (placed === undefined) {
      from.losses.add(from.pathOf('groundingMetadata'), 'there is no text that its sources could be for');
      break;
    }
    const { index } = places[placed.text]!;
    const part = cited[index] as TextPart;
    cited[index] = { ...part, citations: [...(part.citations ?? []), placed.citation] };
  }
  return cited;
}

/** They are for all tokens of the answer, and stand with its first text. */
function withLogprobs(parts: readonly AssistantPart[], candidate: Members): readonly AssistantPart[] {
  const result = candidate.object('logprobsResult');
  if (result === undefined) return parts;
  const logprobs = readLogprobs(result);
  const first = parts.findIndex(({ kind }) => kind === 'text');
  if (first === -1) {
    if (logprobs.length > 0) candidate.losses.add(result.at, 'there is no text whose tokens they are of');
    return parts;
  }
  return parts.map((part, index) => (index === first ? { ...(part as TextPart), logprobs } : part));
}
