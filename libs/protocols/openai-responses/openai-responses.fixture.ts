import fc from 'fast-check';
import type { JsonObject } from '#usage/json.js';
import type { ChatEvent, Choice, OpenedPart, PartDelta, Stop } from '../chat/chat-answer.js';
import type { Target, WireEvent } from '../chat/chat-protocol.js';
import type {
  AssistantPart,
  ChatRequest,
  FunctionTool,
  Message,
  Settings,
  TextPart,
  ToolResult,
  UserPart,
} from '../chat/chat-request.js';
import { Losses } from '../chat/losses.js';
import { type Members, Reading } from '../chat/members.js';
import { openaiResponses } from './openai-responses.js';

/** All that OpenAI responses can say. `at` is empty: it says nothing here. */
const at = '';
const words = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 });
const word = fc.stringMatching(/^[a-z][a-z0-9_]{0,12}$/);
const base64 = fc.uint8Array({ minLength: 1, maxLength: 12 }).map((bytes) => Buffer.from(bytes).toString('base64'));
const optional = <T extends object>(members: { [Name in keyof T]: fc.Arbitrary<T[Name]> }) =>
  fc.record(members, { requiredKeys: [] });

const plainText: fc.Arbitrary<TextPart> = words.map((text) => ({ kind: 'text', at, text }));
const bytes = (mediaType: string) => base64.map((one) => ({ from: 'bytes' as const, mediaType, base64: one }));
const web = word.map((path) => ({ from: 'url' as const, url: `https://example.com/${path}` }));
const upload = word.map((id) => ({ from: 'upload' as const, id: `file-${id}` }));

const image: fc.Arbitrary<UserPart & { kind: 'image' }> = fc
  .tuple(fc.oneof(bytes('image/png'), web, upload), optional({ detail: fc.constantFrom('low', 'high', 'original') }))
  .map(([source, detail]) => ({ kind: 'image', at, source, ...detail }));
const file: fc.Arbitrary<UserPart & { kind: 'file' }> = fc
  .tuple(fc.oneof(bytes('application/pdf'), web, upload), word)
  .map(([source, name]) => ({ kind: 'file', at, source, name: `${name}.pdf` }));

const citation = fc
  .tuple(word, optional({ title: word }), fc.option(fc.tuple(fc.nat(50), fc.integer({ min: 1, max: 9 }))))
  .map(([path, title, stretch]) => ({
    url: `https://example.com/${path}`,
    ...title,
    ...(stretch && { start: stretch[0], end: stretch[0] + stretch[1] }),
  }));
const token = fc
  .tuple(word, fc.double({ min: -20, max: 0, noNaN: true }), optional({ bytes: fc.array(fc.nat(255)) }))
  .map(([said, logprob, more]) => ({ token: said, logprob: logprob === 0 ? 0 : logprob, ...more }));
const logprob = fc
  .tuple(token, fc.array(token, { maxLength: 2 }))
  .map(([chosen, top]) => ({ ...chosen, ...(top.length > 0 && { top }) }));
const text: fc.Arbitrary<TextPart> = fc
  .tuple(
    words,
    optional({
      citations: fc.array(citation, { minLength: 1, maxLength: 2 }),
      logprobs: fc.array(logprob, { minLength: 1, maxLength: 2 }),
    }),
  )
  .map(([said, more]) => ({ kind: 'text', at, text: said, ...more }));

const call = fc
  .tuple(word, word, fc.json())
  .map(([id, name, json]): AssistantPart => ({ kind: 'tool-call', at, id: `call_${id}`, name, arguments: json }));
const refusal = words.map((one): AssistantPart => ({ kind: 'refusal', at, text: one }));
const drawn = bytes('image/png').map((source): AssistantPart => ({ kind: 'image', at, source }));

/** One reasoning item: its pieces have its id, and the last of them the signature. */
const thoughts: fc.Arbitrary<AssistantPart[]> = fc
  .tuple(fc.uuid(), fc.array(words, { maxLength: 2 }), fc.array(words, { maxLength: 2 }), fc.option(base64))
  .map(([uuid, summaries, told, signature]) => {
    const named = { kind: 'reasoning' as const, at, id: `rs_${uuid}` };
    const pieces = [
      ...summaries.map((said) => ({ ...named, text: said, isSummary: true })),
      ...told.map((said) => ({ ...named, text: said })),
    ];
    const last = pieces.pop();
    if (last === undefined) return signature === null ? [] : [{ ...named, text: '', redacted: signature }];
    return [...pieces, { ...last, ...(signature !== null && { signature }) }];
  });

const turnOf = (said: fc.Arbitrary<AssistantPart>): fc.Arbitrary<AssistantPart[]> =>
  fc
    .array(fc.oneof({ weight: 3, arbitrary: said.map((part) => [part]) }, thoughts), { minLength: 1, maxLength: 5 })
    .map((groups) => groups.flat())
    .filter((parts) => parts.length > 0);

/** What an answer can hold beyond a history: the signature of a call. */
const signedCall = fc
  .tuple(call, base64)
  .map(([part, signature]): AssistantPart => ({ ...part, signature }) as AssistantPart);
export const answerParts = turnOf(fc.oneof(text, refusal, call, signedCall, drawn));

const user: fc.Arbitrary<Message> = fc
  .array(fc.oneof(plainText, image, file), { minLength: 1, maxLength: 3 })
  .map((parts) => ({ role: 'user', at, parts }));
const system: fc.Arbitrary<Message> = fc
  .array(plainText, { minLength: 1, maxLength: 2 })
  .map((parts) => ({ role: 'system', at, parts }));
const assistant: fc.Arbitrary<Message> = turnOf(fc.oneof(text, refusal, call, drawn)).map((parts) => ({
  role: 'assistant',
  at,
  parts,
}));
const result: fc.Arbitrary<ToolResult> = fc
  .tuple(word, fc.array(fc.oneof(plainText, image, file), { maxLength: 2 }))
  .map(([id, parts]) => ({ kind: 'tool-result', at, callId: `call_${id}`, parts }));
const tool: fc.Arbitrary<Message> = fc
  .array(result, { minLength: 1, maxLength: 2 })
  .map((parts) => ({ role: 'tool', at, parts }));

/** The items of one turn are one message, and system messages in front are the system prompt. */
const conversation = fc
  .array(fc.oneof(user, system, assistant, tool), { maxLength: 6 })
  .map((messages) => messages.filter(({ role }, index) => role !== messages[index - 1]?.role || role === 'user'))
  .map((messages) => [{ role: 'user' as const, at, parts: [{ kind: 'text' as const, at, text: 'Hi' }] }, ...messages]);

const schema = fc.uniqueArray(word, { maxLength: 3 }).map((names) => ({
  type: 'object',
  properties: Object.fromEntries(names.map((name) => [name, { type: 'string' }])),
}));
const functionTool: fc.Arbitrary<FunctionTool> = fc
  .tuple(word, fc.boolean(), optional({ description: words, parameters: schema }))
  .map(([name, strict, more]) => ({ at, name, strict, ...more }));

const settings: fc.Arbitrary<Settings> = optional<Required<Settings>>({
  maxOutputTokens: fc.integer({ min: 16, max: 100_000 }),
  temperature: fc.constantFrom(0, 0.2, 2),
  topP: fc.constantFrom(0.1, 1),
  logprobs: fc.record({ top: fc.nat(20) }),
  output: fc.oneof(
    fc.constant({ kind: 'json' as const }),
    fc
      .tuple(schema, word, optional({ description: words, strict: fc.boolean() }))
      .map(([one, name, more]) => ({ kind: 'json-schema' as const, schema: one, name, ...more })),
  ),
  reasoning: fc.oneof(
    fc.record({ effort: fc.constantFrom('none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max') }),
    fc.record({ effort: fc.constant('low' as const), shown: fc.constantFrom('auto', 'concise', 'detailed') }),
    fc.record({ shown: fc.constant('auto' as const) }),
  ),
  toolChoice: fc.oneof(
    fc.record({ kind: fc.constantFrom('auto', 'none', 'required') }),
    word.map((name) => ({ kind: 'function' as const, name })),
    fc
      .tuple(fc.array(word), fc.constantFrom('auto' as const, 'required' as const))
      .map(([names, mode]) => ({ kind: 'allowed' as const, names, mode })),
  ),
  parallelToolCalls: fc.boolean(),
  verbosity: fc.constantFrom('low', 'high'),
  user: word,
  metadata: fc.dictionary(word, words, { minKeys: 1, maxKeys: 2 }),
  serviceTier: fc.constantFrom('auto', 'default', 'flex', 'priority'),
} as { [Name in keyof Settings]-?: fc.Arbitrary<NonNullable<Settings[Name]>> });

export const requests: fc.Arbitrary<ChatRequest> = fc
  .tuple(
    fc.array(plainText, { maxLength: 2 }),
    conversation,
    fc.array(functionTool, { maxLength: 2 }),
    settings,
    fc.boolean(),
  )
  .map(([instructions, messages, tools, set, stream]) => ({
    model: 'gpt-5',
    stream,
    instructions,
    messages,
    tools,
    settings: set,
  }));

const stopOf = (parts: readonly AssistantPart[]): fc.Arbitrary<Stop> => {
  const kinds = new Set(parts.map(({ kind }) => kind));
  const end = kinds.has('tool-call') ? 'tool-calls' : kinds.has('refusal') ? 'refusal' : 'end';
  return fc.constantFrom({ reason: end }, { reason: 'length' }, { reason: 'content-filter' });
};
export const choices: fc.Arbitrary<Choice> = answerParts.chain((parts) =>
  stopOf(parts).map((stop) => ({ index: 0, parts, stop })),
);

export function target(losses = new Losses()): Target {
  return {
    losses,
    settingNames: openaiResponses.settingNames,
    id: 'resp_0',
    now: 1_790_000_000,
    model: 'gpt-5',
    defaultMaxOutputTokens: 8192,
    includeUsage: true,
  };
}

/** Reads a whole body, and what was lost. */
export function readWith<T>(body: JsonObject, read: (members: Members) => T): { value: T; losses: Losses } {
  const losses = new Losses();
  const reading = new Reading(losses);
  const value = read(reading.open(body));
  reading.close();
  return { value, losses };
}

/** Without the places where things stood. */
export function meaning(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value, (key, one: unknown) => (key === 'at' ? undefined : one)));
}

/** The events of an answer, its texts cut into pieces; with `isParallel` every part ends only after all have opened. */
export function eventsOf({ parts, stop }: Choice, cut: (text: string) => readonly string[], isParallel = false) {
  const ends: ChatEvent[] = [];
  const events = parts.flatMap((part, index): ChatEvent[] => {
    const place = { choice: 0, part: index };
    const tell = (delta: PartDelta): ChatEvent => ({ kind: 'delta', ...place, delta });
    const end: ChatEvent = { kind: 'part-end', ...place };
    if (isParallel) ends.push(end);
    return [
      { kind: 'part', ...place, opens: openingOf(part) },
      ...cut(textOf(part)).map((text) => tell({ text })),
      ...(part.kind === 'text' ? (part.citations ?? []).map((citation) => tell({ citation })) : []),
      ...(part.kind === 'text' && part.logprobs ? [tell({ logprobs: part.logprobs })] : []),
      ...('signature' in part && part.kind !== 'tool-call' ? [tell({ signature: part.signature })] : []),
      ...(isParallel ? [] : [end]),
    ];
  });
  const stops: ChatEvent[] = stop === undefined ? [] : [{ kind: 'stop', choice: 0, stop }];
  return [{ kind: 'start', id: 'resp_1', model: 'gpt-5', createdAt: 7 } as const, ...events, ...ends, ...stops];
}

function openingOf(part: AssistantPart): OpenedPart {
  switch (part.kind) {
    case 'text':
    case 'refusal':
      return { kind: part.kind };
    case 'reasoning': {
      const { at: _, text: __, signature: ___, ...opens } = part;
      return opens;
    }
    case 'tool-call': {
      const { at: _, arguments: __, ...opens } = part;
      return opens;
    }
    case 'image':
      return part;
  }
}

function textOf(part: AssistantPart): string {
  if (part.kind === 'image') return '';
  return part.kind === 'tool-call' ? part.arguments : part.text;
}

/** What a stream's events say in the end. */
export function toldBy(events: readonly ChatEvent[]): { parts: unknown[]; stop?: Stop; ended: number } {
  const parts: Record<string, unknown>[] = [];
  let stop: Stop | undefined;
  let ended = 0;
  for (const event of events) {
    if (event.kind === 'part') {
      const text = event.opens.kind === 'tool-call' ? { arguments: '' } : { text: '' };
      parts[event.part] = event.opens.kind === 'image' ? { ...event.opens } : { ...event.opens, ...text };
    }
    if (event.kind === 'delta') addDelta(parts[event.part]!, event.delta);
    if (event.kind === 'part-end') ended += 1;
    if (event.kind === 'stop') stop = event.stop;
  }
  return { parts: meaning(parts) as unknown[], ...(stop !== undefined && { stop }), ended };
}

function addDelta(part: Record<string, unknown>, { text, signature, citation, logprobs }: PartDelta): void {
  const name = part['kind'] === 'tool-call' ? 'arguments' : 'text';
  if (text !== undefined) part[name] = String(part[name]) + text;
  if (signature !== undefined) part['signature'] = signature;
  if (citation !== undefined) part['citations'] = [...((part['citations'] ?? []) as unknown[]), citation];
  if (logprobs !== undefined) part['logprobs'] = [...((part['logprobs'] ?? []) as unknown[]), ...logprobs];
}

/** Reads a stream, and what was lost. */
export function readStream(wire: readonly WireEvent[]): { events: ChatEvent[]; losses: Losses } {
  const losses = new Losses();
  const reading = new Reading(losses);
  const reader = openaiResponses.streamReader(reading);
  const events = wire.flatMap((event) => {
    const read = reader.read(event);
    reading.close();
    return read;
  });
  return { events: [...events, ...reader.end()], losses };
}

export function writeStream(events: readonly ChatEvent[], to = target()): WireEvent[] {
  const writer = openaiResponses.streamWriter(to);
  return events.flatMap((event) => writer.write(event));
}
