import { defined } from '../chat/defined.js';
import type { ChatAnswer, Choice } from '../chat/chat-answer.js';
import type { AssistantPart, Citation, TokenLogprob } from '../chat/chat-request.js';
import type { Members } from '../chat/members.js';
import { readSources } from './citations.js';
import { readLogprobs } from './logprobs.js';
import { readReply } from './read-reply.js';
import { ignoreService, ignoreServiceOfChoice } from './service-members.js';
import { readFinish, stopOf } from './stop-reason.js';

export function readAnswer(body: Members): ChatAnswer {
  if (!body.has('choices')) body.missing('choices');
  const id = body.string('id') || undefined;
  const sources = readSources(body);
  ignoreService(body);
  return defined<Omit<ChatAnswer, 'usage'>>({
    id,
    model: body.string('model') || undefined,
    // Servers written in Go send 0 for what they do not know.
    createdAt: body.number('created') || undefined,
    choices: body.objects('choices').map((choice, position) => readChoice(choice, { position, sources, id })),
    serviceTier: body.string('service_tier') || undefined,
  });
}

interface Surroundings {
  readonly position: number;
  readonly sources: readonly Citation[];
  readonly id: string | undefined;
}

function readChoice(choice: Members, { position, sources, id }: Surroundings): Choice {
  ignoreServiceOfChoice(choice);
  const message = choice.object('message');
  // A part of every message, and always "assistant".
  message?.ignore('role');
  const read = message === undefined ? [] : readReply(message, derivedCallIds(id));
  const logprobs = readLogprobs(choice);
  const parts = withExtras(read, { logprobs, sources }, choice);
  const held = {
    calls: parts.some((part) => part.kind === 'tool-call'),
    refusal: parts.some((part) => part.kind === 'refusal'),
  };
  return { index: choice.integer('index') ?? position, parts, stop: stopOf(readFinish(choice), held, choice) };
}

/** Google gives calls no id. Derived from the answer's, they are not the same in two turns. */
export function derivedCallIds(answerId: string | undefined) {
  const prefix = answerId === undefined ? 'call' : `call_${answerId}`;
  return { call: (_: unknown, index: number) => `${prefix}_${index}`, functionCall: `${prefix}_0` };
}

interface Extras {
  readonly logprobs: readonly TokenLogprob[];
  readonly sources: readonly Citation[];
}

/** What stands beside the message, but is of its text. */
function withExtras(
  parts: readonly AssistantPart[],
  { logprobs, sources }: Extras,
  choice: Members,
): readonly AssistantPart[] {
  if (logprobs.length === 0 && sources.length === 0) return parts;
  const first = parts.findIndex((part) => part.kind === 'text');
  if (first === -1 && logprobs.length > 0)
    choice.losses.add(choice.pathOf('logprobs'), 'there is no text that they are of');
  if (first === -1 && sources.length > 0) choice.losses.add('citations', 'there is no text that cites them');
  return parts.map((part, index) => {
    if (index !== first || part.kind !== 'text') return part;
    const citations = [...(part.citations ?? []), ...sources];
    return { ...part, ...(logprobs.length > 0 && { logprobs }), ...(citations.length > 0 && { citations }) };
  });
}
