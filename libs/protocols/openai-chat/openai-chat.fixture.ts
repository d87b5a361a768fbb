import fc from 'fast-check';
import type { ChatAnswer, ChatEvent, Choice } from '../chat/chat-answer.js';
import type { Target } from '../chat/chat-protocol.js';
import type { AssistantPart, TextPart } from '../chat/chat-request.js';
import { Losses } from '../chat/losses.js';
import { Reading } from '../chat/members.js';
import { openaiChat } from './openai-chat.js';

export function target(more: Partial<Target> = {}): Target {
  return {
    losses: new Losses(),
    settingNames: openaiChat.settingNames,
    id: 'chatcmpl-made-up',
    now: 1_790_000_000,
    model: 'a-model',
    defaultMaxOutputTokens: 8192,
    includeUsage: true,
    ...more,
  };
}

/** Reads a body and closes it, so that what nobody read is among the losses. */
export function reading<T>(body: object, read: (members: ReturnType<Reading['open']>) => T) {
  const losses = new Losses();
  const all = new Reading(losses);
  const value = read(all.open(body));
  all.close();
  return { value, losses: losses.list() };
}

export function readStream(chunks: readonly (object | string)[]) {
  const losses = new Losses();
  const all = new Reading(losses);
  const reader = openaiChat.streamReader(all);
  const events = chunks.flatMap((data) => {
    const read = reader.read({ data: data as Record<string, unknown> | string });
    all.close();
    return read;
  });
  return { events: [...events, ...reader.end()], losses: losses.list() };
}

/** What a client has of a streamed answer in the end. */
export function gather(events: readonly ChatEvent[]): { readonly choices: readonly Choice[]; readonly ended: boolean } {
  const choices = new Map<number, { parts: Map<number, AssistantPart>; stop?: Choice['stop'] }>();
  const choiceOf = (index: number) => {
    const choice = choices.get(index) ?? { parts: new Map<number, AssistantPart>() };
    choices.set(index, choice);
    return choice;
  };
  for (const event of events) {
    if (event.kind === 'part') choiceOf(event.choice).parts.set(event.part, opened(event.opens));
    if (event.kind === 'stop') choiceOf(event.choice).stop = event.stop;
    if (event.kind !== 'delta') continue;
    const { parts } = choiceOf(event.choice);
    parts.set(event.part, grown(parts.get(event.part)!, event.delta));
  }
  return {
    choices: [...choices]
      .sort(([one], [other]) => one - other)
      .map(([index, { parts, stop }]) => ({
        index,
        parts: [...parts.values()],
        ...(stop !== undefined && { stop }),
      })),
    ended: events.at(-1)?.kind === 'end',
  };
}

function opened(opens: (ChatEvent & { kind: 'part' })['opens']): AssistantPart {
  if (opens.kind === 'image') return opens;
  if (opens.kind === 'tool-call') return { at: '', ...opens, arguments: '' };
  return { at: '', text: '', ...opens };
}

function grown(
  part: AssistantPart,
  { text = '', signature, citation, logprobs }: (ChatEvent & { kind: 'delta' })['delta'],
) {
  if (part.kind === 'image') return part;
  const said = part.kind === 'tool-call' ? { arguments: part.arguments + text } : { text: part.text + text };
  const of = part as TextPart;
  return {
    ...part,
    ...said,
    ...(signature !== undefined && { signature }),
    ...(citation !== undefined && { citations: [...(of.citations ?? []), citation] }),
    ...(logprobs !== undefined && { logprobs: [...(of.logprobs ?? []), ...logprobs] }),
  } as AssistantPart;
}

const at = '';
const words = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 });
const name = fc.stringMatching(/^[a-z][a-z0-9_]{0,12}$/);
const base64 = fc.uint8Array({ minLength: 1, maxLength: 8 }).map((bytes) => Buffer.from(bytes).toString('base64'));

const token = fc.record({ token: words, logprob: fc.constantFrom(-0.5, -1.25), bytes: fc.constant([104, 105]) });
const text: fc.Arbitrary<AssistantPart> = fc.record(
  {
    kind: fc.constant('text' as const),
    at: fc.constant(at),
    text: words,
    signature: base64,
    citations: fc.array(
      fc.oneof(
        fc.record({ url: fc.webUrl(), title: words }),
        fc.record({ url: fc.webUrl(), start: fc.constant(0), end: fc.integer({ min: 1, max: 9 }) }),
      ),
      { minLength: 1, maxLength: 2 },
    ),
    logprobs: fc.array(
      fc.oneof(token, fc.record({ ...tokenShape(), top: fc.array(token, { minLength: 1, maxLength: 2 }) })),
      {
        minLength: 1,
        maxLength: 2,
      },
    ),
  },
  { requiredKeys: ['kind', 'at', 'text'] },
);

function tokenShape() {
  return { token: words, logprob: fc.constantFrom(-0.1), bytes: fc.constant([104]) };
}

const said = { kind: fc.constant('reasoning' as const), at: fc.constant(at), text: words };
const thought: fc.Arbitrary<AssistantPart> = fc.oneof(
  fc.record({ ...said, signature: base64, id: name }, { requiredKeys: ['kind', 'at', 'text'] }),
  fc.record({ ...said, isSummary: fc.constant(true), signature: base64, id: name }),
  fc.record({ ...said, text: fc.constant(''), redacted: base64 }),
);
/** An encrypted thought after a summary without an id is the summary's own: that is how OpenRouter writes both. */
const thoughts = fc.array(thought, { maxLength: 3 });

const calls = fc.array(
  fc.tuple(name, fc.dictionary(name, words, { maxKeys: 2 }), fc.option(base64, { nil: undefined })),
  { maxLength: 3 },
);
const calling = calls.map((list): AssistantPart[] =>
  list.map(([called, input, signature], index) => ({
    kind: 'tool-call',
    at,
    id: `call_${index}`,
    name: called,
    arguments: JSON.stringify(input),
    ...(signature !== undefined && { signature }),
  })),
);

const refusal: fc.Arbitrary<AssistantPart> = words.map((one) => ({ kind: 'refusal', at, text: one }));

/** What an assistant can say here: thoughts, then one text or a refusal, then calls. */
export const replies: fc.Arbitrary<AssistantPart[]> = fc
  .tuple(thoughts, fc.option(fc.oneof({ weight: 4, arbitrary: text }, refusal), { nil: undefined }), calling)
  .map(([thinking, one, called]) => [...thinking, ...(one === undefined ? [] : [one]), ...called]);

export const answers: fc.Arbitrary<ChatAnswer> = fc
  .tuple(fc.array(replies, { minLength: 1, maxLength: 2 }), fc.constantFrom('length', 'content-filter', undefined))
  .map(([each, reason]) => ({
    id: 'chatcmpl-1',
    model: 'gpt-9',
    createdAt: 1_790_000_001,
    choices: each.map((parts, index) => ({ index, parts, stop: { reason: reason ?? naturalEnd(parts) } })),
  }));

function naturalEnd(parts: readonly AssistantPart[]) {
  if (parts.some(({ kind }) => kind === 'tool-call')) return 'tool-calls' as const;
  return parts.some(({ kind }) => kind === 'refusal') ? ('refusal' as const) : ('end' as const);
}

/** The answer as a stream that is cut into deltas by a seed. */
export function streamed({ choices, ...start }: ChatAnswer, cut: (text: string) => readonly string[]): ChatEvent[] {
  const said = choices.flatMap(({ index: choice, parts }) =>
    parts.flatMap((one, part): ChatEvent[] => [
      { kind: 'part', choice, part, opens: openingOf(one) },
      ...deltasOf(one, cut).map((delta): ChatEvent => ({ kind: 'delta', choice, part, delta })),
      { kind: 'part-end', choice, part },
    ]),
  );
  const stops = choices.flatMap(({ index: choice, stop }): ChatEvent[] =>
    stop ? [{ kind: 'stop', choice, stop }] : [],
  );
  return [{ kind: 'start', ...start }, ...said, ...stops, { kind: 'end' }];
}

function openingOf(part: AssistantPart): (ChatEvent & { kind: 'part' })['opens'] {
  switch (part.kind) {
    case 'image':
      return part;
    case 'tool-call':
      return {
        kind: part.kind,
        id: part.id,
        name: part.name,
        ...(part.signature !== undefined && { signature: part.signature }),
      };
    case 'reasoning': {
      const { kind, isSummary, id, redacted } = part;
      return {
        kind,
        ...(isSummary && { isSummary }),
        ...(id !== undefined && { id }),
        ...(redacted !== undefined && { redacted }),
      };
    }
    case 'text':
    case 'refusal':
      return { kind: part.kind };
  }
}

function deltasOf(
  part: AssistantPart,
  cut: (text: string) => readonly string[],
): (ChatEvent & { kind: 'delta' })['delta'][] {
  if (part.kind === 'image') return [];
  const pieces = cut(part.kind === 'tool-call' ? part.arguments : part.text).map((one) => ({ text: one }));
  if (part.kind === 'reasoning')
    return [...pieces, ...(part.signature === undefined ? [] : [{ signature: part.signature }])];
  if (part.kind !== 'text') return pieces;
  return [
    ...pieces,
    ...(part.citations ?? []).map((citation) => ({ citation })),
    ...(part.logprobs ?? []).map((one) => ({ logprobs: [one] })),
    ...(part.signature === undefined ? [] : [{ signature: part.signature }]),
  ];
}
