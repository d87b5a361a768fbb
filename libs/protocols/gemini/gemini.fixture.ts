import { asObject, type JsonObject } from '#usage/json.js';
import type { ChatAnswer, ChatEvent, Choice, OpenedPart, PartDelta } from '../chat/chat-answer.js';
import type { Target, WireEvent } from '../chat/chat-protocol.js';
import type { AssistantPart, ChatRequest } from '../chat/chat-request.js';
import { Losses, type Loss } from '../chat/losses.js';
import { Reading } from '../chat/members.js';
import { gemini } from './gemini.js';

export function target(more: Partial<Target> = {}): Target {
  return {
    losses: new Losses(),
    settingNames: gemini.settingNames,
    id: 'an-id',
    now: 1_790_000_000,
    model: 'gemini-3-flash',
    defaultMaxOutputTokens: 8192,
    includeUsage: true,
    ...more,
  };
}

export interface Read<T> {
  readonly value: T;
  readonly losses: readonly Loss[];
}

export function readRequest(body: JsonObject): Read<ChatRequest> {
  const losses = new Losses();
  const reading = new Reading(losses);
  const value = gemini.readRequest(reading.open(body));
  reading.close();
  return { value, losses: losses.list() };
}

export function readAnswer(body: JsonObject): Read<ChatAnswer> {
  const losses = new Losses();
  const reading = new Reading(losses);
  const value = gemini.readAnswer(reading.open(body));
  reading.close();
  return { value, losses: losses.list() };
}

export function readStream(chunks: readonly WireEvent['data'][]): Read<ChatEvent[]> {
  const losses = new Losses();
  const reading = new Reading(losses);
  const reader = gemini.streamReader(reading);
  const events = chunks.flatMap((data) => {
    // As the conversion hands it over: what is no object is text.
    const read = reader.read({ data: typeof data === 'string' ? data : (asObject(data) ?? JSON.stringify(data)) });
    reading.close();
    return read;
  });
  return { value: [...events, ...reader.end()], losses: losses.list() };
}

export function writeStream(events: readonly ChatEvent[], to = target()): JsonObject[] {
  const writer = gemini.streamWriter(to);
  return events.flatMap((event) => writer.write(event)).map(({ data }) => data as JsonObject);
}

/** The answer without the places, which say where a thing stood in one body. */
export function withoutPlaces<T>(value: T): T {
  return JSON.parse(JSON.stringify(value, (key, one: unknown) => (key === 'at' ? undefined : one))) as T;
}

/** What a stream says in the end: the answer that its events make up. */
export function answerOf(events: readonly ChatEvent[]): ChatAnswer {
  const parts = new Map<number, Map<number, Record<string, unknown>>>();
  const stops = new Map<number, unknown>();
  const partsOf = (choice: number) => {
    const found = parts.get(choice) ?? new Map<number, Record<string, unknown>>();
    parts.set(choice, found);
    return found;
  };
  let head: object = {};
  for (const event of events) {
    if (event.kind === 'start') head = { ...event, kind: undefined };
    if (event.kind === 'part') partsOf(event.choice).set(event.part, { text: '', ...event.opens });
    if (event.kind === 'stop') stops.set(event.choice, event.stop);
    if (event.kind !== 'delta') continue;
    const part = partsOf(event.choice).get(event.part)!;
    const { text, signature, citation, logprobs } = event.delta;
    part['text'] = `${part['text'] as string}${text ?? ''}`;
    if (signature !== undefined) part['signature'] = ((part['signature'] as string | undefined) ?? '') + signature;
    if (citation) part['citations'] = [...((part['citations'] as unknown[] | undefined) ?? []), citation];
    if (logprobs) part['logprobs'] = [...((part['logprobs'] as unknown[] | undefined) ?? []), ...logprobs];
  }
  // By their index: a choice may be told of by nothing but its stop, which comes last.
  const indexes = [...new Set([...parts.keys(), ...stops.keys()])].sort((one, other) => one - other);
  const choices = indexes.map((index) => ({
    index,
    parts: [...partsOf(index).values()].map(({ text, ...part }) => {
      if (part['kind'] === 'tool-call') return { ...part, arguments: text };
      return part['kind'] === 'image' ? part : { ...part, text };
    }),
    ...(stops.has(index) && { stop: stops.get(index) }),
  }));
  return withoutPlaces({ ...head, choices }) as unknown as ChatAnswer;
}

const opens = (part: AssistantPart): OpenedPart => {
  if (part.kind === 'image') return part;
  if (part.kind === 'tool-call') return { kind: 'tool-call', id: part.id, name: part.name };
  if (part.kind === 'reasoning' && part.redacted !== undefined) return { kind: 'reasoning', redacted: part.redacted };
  return { kind: part.kind };
};

/** A part's deltas, its text cut in pieces of so many characters. */
function deltasOf(part: AssistantPart, size: number): PartDelta[] {
  if (part.kind === 'image') return [];
  const text = part.kind === 'tool-call' ? part.arguments : part.text;
  const cuts = Array.from({ length: Math.ceil(text.length / size) }, (_, index) => ({
    text: text.slice(index * size, (index + 1) * size),
  }));
  const signature = 'signature' in part ? part.signature : undefined;
  const { citations = [], logprobs = [] } = part.kind === 'text' ? part : {};
  return [
    ...cuts,
    ...logprobs.map((one) => ({ logprobs: [one] })),
    ...citations.map((citation) => ({ citation })),
    ...(signature === undefined ? [] : [{ signature }]),
  ];
}

/** The events of an answer, its text cut in pieces of so many characters. */
export function eventsOf(made: readonly Choice[], size: number): ChatEvent[] {
  return [
    { kind: 'start', id: 'r', model: 'm', createdAt: 1_700_000_000 },
    ...made.flatMap(({ index: choice, parts, stop }) => [
      ...parts.flatMap((one, part): ChatEvent[] => [
        { kind: 'part', choice, part, opens: opens(one) },
        ...deltasOf(one, size).map((delta): ChatEvent => ({ kind: 'delta', choice, part, delta })),
        { kind: 'part-end', choice, part },
      ]),
      { kind: 'stop' as const, choice, stop: stop! },
    ]),
    { kind: 'end' },
  ];
}
