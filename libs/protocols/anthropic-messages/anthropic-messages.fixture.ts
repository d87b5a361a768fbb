import fc from 'fast-check';
import { SseParser } from '#framing/sse.js';
import { parseObject } from '#usage/json.js';
import type { ChatEvent, OpenedPart, PartDelta, Stop } from '../chat/chat-answer.js';
import type { ChatStreamReader, Target, WireEvent } from '../chat/chat-protocol.js';
import type {
  AssistantPart,
  ChatRequest,
  Message,
  Settings,
  TextPart,
  ToolCall,
  ToolResult,
  UserPart,
} from '../chat/chat-request.js';
import { Losses } from '../chat/losses.js';
import { Reading } from '../chat/members.js';
import { anthropicMessages } from './anthropic-messages.js';

export const target = (more: Partial<Target> = {}): Target => ({
  losses: new Losses(),
  settingNames: anthropicMessages.settingNames,
  id: 'msg_target',
  now: 1_790_000_000,
  model: 'claude-opus-4-6',
  defaultMaxOutputTokens: 8192,
  includeUsage: true,
  ...more,
});

/** What reading a body gives, and what it loses. */
export function reading<T>(read: (reading: Reading) => T): { value: T; losses: Losses } {
  const losses = new Losses();
  const one = new Reading(losses);
  const value = read(one);
  one.close();
  return { value, losses };
}

export const withoutPlaces = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value, (key, one: unknown) => (key === 'at' ? undefined : one)));

/** The events of a stream's bytes. */
export function eventsIn(bytes: Buffer): WireEvent[] {
  const events: WireEvent[] = [];
  const parser = new SseParser(({ type, data }) => {
    if (data === undefined) return;
    events.push({ ...(type !== undefined && { type }), data: parseObject(data) ?? data.toString() });
  });
  parser.push(bytes);
  parser.end();
  return events;
}

export const bytesOf = (events: readonly WireEvent[]): Buffer =>
  Buffer.from(events.map(({ type, data }) => `event: ${type}\ndata: ${JSON.stringify(data)}\n\n`).join(''));

export const readAll = (reader: ChatStreamReader, events: readonly WireEvent[]): ChatEvent[] => [
  ...events.flatMap((event) => reader.read(event)),
  ...reader.end(),
];

interface StreamedPart extends PartDelta {
  readonly opens: OpenedPart;
  readonly citations: readonly unknown[];
  readonly isClosed: boolean;
}

/** What a stream's events amount to, however they are cut. */
export function answerOf(events: readonly ChatEvent[]) {
  const parts: StreamedPart[] = [];
  let stop: Stop | undefined;
  for (const event of events) {
    if (event.kind === 'stop') stop = event.stop;
    if (event.kind === 'part') parts[event.part] = { opens: event.opens, citations: [], isClosed: false };
    if (event.kind === 'part-end') parts[event.part] = { ...parts[event.part]!, isClosed: true };
    if (event.kind === 'delta') {
      const { text, signature, citation } = event.delta;
      const before = parts[event.part]!;
      parts[event.part] = {
        ...before,
        ...(text !== undefined && { text: (before.text ?? '') + text }),
        ...(signature !== undefined && { signature: (before.signature ?? '') + signature }),
        citations: citation === undefined ? before.citations : [...before.citations, citation],
      };
    }
  }
  return { parts, stop, kinds: events.map(({ kind }) => kind) };
}

/** Whatever Anthropic can say, as it says it. `at` is empty: it says nothing here. */
const at = '';
const words = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }).filter((text) => text.trim() !== '');
const name = fc.stringMatching(/^[a-z][a-z0-9_]{0,12}$/);
const base64 = fc.uint8Array({ minLength: 1, maxLength: 12 }).map((bytes) => Buffer.from(bytes).toString('base64'));
const cache = fc.record({ cache: fc.constantFrom('5m' as const, '1h' as const) }, { requiredKeys: [] });
const url = fc.webUrl();

const text: fc.Arbitrary<TextPart> = fc
  .tuple(words, cache)
  .map(([one, mark]) => ({ kind: 'text', at, text: one, ...mark }));
const image: fc.Arbitrary<UserPart> = fc
  .tuple(
    fc.oneof(
      base64.map((bytes) => ({ from: 'bytes' as const, mediaType: 'image/webp', base64: bytes })),
      url.map((one) => ({ from: 'url' as const, url: one })),
    ),
    cache,
  )
  .map(([source, mark]) => ({ kind: 'image', at, source, ...mark }));
const file: fc.Arbitrary<UserPart> = fc
  .tuple(
    fc.oneof(
      base64.map((bytes) => ({ from: 'bytes' as const, mediaType: 'application/pdf', base64: bytes })),
      words.map((said) => ({
        from: 'bytes' as const,
        mediaType: 'text/plain',
        base64: Buffer.from(said).toString('base64'),
      })),
      url.map((one) => ({ from: 'url' as const, url: one, mediaType: 'application/pdf' })),
    ),
    fc.record({ name }, { requiredKeys: [] }),
    cache,
  )
  .map(([source, called, mark]) => ({ kind: 'file', at, source, ...called, ...mark }));

const call: fc.Arbitrary<ToolCall> = fc
  .tuple(name, name, fc.dictionary(name, fc.oneof(words, fc.integer(), fc.boolean()), { maxKeys: 3 }), cache)
  .map(([id, tool, input, mark]) => ({
    kind: 'tool-call',
    at,
    id: `toolu_${id}`,
    name: tool,
    arguments: JSON.stringify(input),
    ...mark,
  }));
const thought: fc.Arbitrary<AssistantPart> = fc.oneof(
  fc.tuple(words, base64).map(([said, signature]) => ({ kind: 'reasoning' as const, at, text: said, signature })),
  base64.map((redacted) => ({ kind: 'reasoning' as const, at, text: '', redacted })),
);
const result: fc.Arbitrary<ToolResult> = fc
  .tuple(
    name,
    fc.array(fc.oneof(text, image, file), { maxLength: 2 }),
    fc.record({ isError: fc.boolean() }, { requiredKeys: [] }),
    cache,
  )
  .map(([id, parts, error, mark]) => ({
    kind: 'tool-result',
    at,
    callId: `toolu_${id}`,
    parts: parts as ToolResult['parts'],
    ...error,
    ...mark,
  }));

const asked: fc.Arbitrary<Message[]> = fc
  .tuple(fc.array(result, { maxLength: 2 }), fc.array(fc.oneof(text, image, file), { maxLength: 2 }), text)
  .map(([results, parts, last]) => [
    ...(results.length > 0 ? [{ role: 'tool' as const, at, parts: results }] : []),
    { role: 'user' as const, at, parts: [...parts, last] },
  ]);
const answered: fc.Arbitrary<Message> = fc
  .array(fc.oneof(text, thought, call), { minLength: 1, maxLength: 4 })
  .map((parts) => ({ role: 'assistant', at, parts }));

const schema = fc.constant({ type: 'object', properties: { city: { type: 'string' } }, additionalProperties: false });
const tool = fc
  .tuple(name, fc.record({ description: words, strict: fc.boolean() }, { requiredKeys: [] }), schema, cache)
  .map(([called, more, parameters, mark]) => ({ at, name: called, parameters, ...more, ...mark }));

const choice: fc.Arbitrary<Settings> = fc.oneof(
  fc.constant({ toolChoice: { kind: 'none' as const } }),
  fc.record(
    {
      toolChoice: fc.oneof(
        fc.constant({ kind: 'auto' as const }),
        fc.constant({ kind: 'required' as const }),
        name.map((one) => ({ kind: 'function' as const, name: one })),
      ),
      parallelToolCalls: fc.boolean(),
    },
    { requiredKeys: ['toolChoice'] },
  ),
  fc.constant({}),
);
const shown = fc.record({ shown: fc.boolean() }, { requiredKeys: [] });
const reasoning = fc.oneof(
  fc.constant({ budgetTokens: 0 }),
  fc.tuple(fc.integer({ min: 1024, max: 4000 }), shown).map(([budgetTokens, one]) => ({ budgetTokens, ...one })),
  shown.map((one) => ({ budgetTokens: -1, ...one })),
  fc
    .tuple(fc.constantFrom('low', 'medium', 'high', 'xhigh', 'max'), shown)
    .map(([effort, one]) => ({ effort, ...one })),
);
const settings: fc.Arbitrary<Settings> = fc.record(
  {
    maxOutputTokens: fc.integer({ min: 4001, max: 64_000 }),
    temperature: fc.double({ min: 0, max: 1, noNaN: true }).map(Math.abs),
    topP: fc.double({ min: 0, max: 1, noNaN: true }).map(Math.abs),
    topK: fc.nat(),
    stop: fc.array(name, { minLength: 1 }),
    output: schema.map((one) => ({ kind: 'json-schema' as const, schema: one })),
    reasoning,
    user: words,
    serviceTier: fc.constantFrom('auto', 'default'),
  },
  { requiredKeys: ['maxOutputTokens'] },
);

export const requests: fc.Arbitrary<ChatRequest> = fc
  .tuple(
    fc.array(text, { maxLength: 2 }),
    fc.array(fc.tuple(asked, answered), { maxLength: 2 }),
    asked,
    fc.array(tool),
    settings,
    choice,
  )
  .map(([instructions, turns, last, tools, set, chosen]) => ({
    model: 'claude-opus-4-6',
    stream: true,
    instructions,
    messages: [...turns.flatMap(([question, answer]) => [...question, answer]), ...last],
    tools,
    settings: together({ ...set, ...(tools.length > 0 && chosen) }, last.at(-1)?.role === 'tool'),
  }));

/** Without what Claude does not take together: thinking and sampling, thinking and a forced call, two ways of sampling. */
function together({ reasoning: asked, topP, ...set }: Settings, goesOn: boolean): Settings {
  const isForced = ['required', 'function', 'allowed'].includes(set.toolChoice?.kind ?? 'auto');
  if (asked !== undefined && asked.budgetTokens !== 0 && !isForced && !goesOn) {
    const { temperature: _temperature, topK: _topK, ...rest } = set;
    return { ...rest, reasoning: asked };
  }
  return { ...set, ...(set.temperature === undefined && topP !== undefined && { topP }) };
}

const cited = fc
  .tuple(words, fc.array(fc.record({ url, title: name }, { requiredKeys: ['url'] }), { minLength: 1, maxLength: 2 }))
  .map(([one, citations]): AssistantPart => ({ kind: 'text', at, text: one, citations }));
const plain = words.map((one): AssistantPart => ({ kind: 'text', at, text: one }));
const called = call.map(({ cache: _cache, ...one }): AssistantPart => one);
/** Of other providers: the client shall give them back. */
const carried = fc.oneof(
  fc.tuple(words, base64, name, fc.boolean()).map(([said, signature, id, isSummary]) => ({
    kind: 'reasoning' as const,
    at,
    text: said,
    signature,
    id,
    isSummary,
  })),
  fc.tuple(base64, name).map(([redacted, id]) => ({ kind: 'reasoning' as const, at, text: '', redacted, id })),
  fc.tuple(called, base64).map(([one, signature]): AssistantPart => ({ ...(one as ToolCall), signature })),
);
/** Of an answer. */
export const answerParts = fc.array(fc.oneof(plain, cited, thought, called, carried), { maxLength: 5 });
export const streamedParts = fc.array(fc.oneof(plain, cited, thought, called), { maxLength: 5 });
export const stops: fc.Arbitrary<Stop> = fc.oneof(
  fc
    .constantFrom('end', 'length', 'tool-calls', 'pause', 'refusal', 'context-exceeded')
    .map((reason): Stop => ({ reason: reason })),
  name.map((sequence): Stop => ({ reason: 'stop-sequence', sequence })),
);
