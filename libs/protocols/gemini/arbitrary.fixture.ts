import fc from 'fast-check';
import type { Choice, StopReason } from '../chat/chat-answer.js';
import type {
  AssistantPart,
  ChatRequest,
  Citation,
  Message,
  Settings,
  TextPart,
  TokenLogprob,
  ToolChoice,
  ToolResult,
  UserPart,
} from '../chat/chat-request.js';
import { addAssistantPart } from './joined-parts.js';

/** What Gemini can express, and as reading gives it: without places, and a text in as few parts as possible. */
const at = '';
const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
const words = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 });
const name = fc.stringMatching(/^[a-z][a-zA-Z0-9_]{0,10}$/);
const base64 = fc.uint8Array({ minLength: 1, maxLength: 9 }).map((bytes) => Buffer.from(bytes).toString('base64'));
const json = fc.dictionary(name, fc.jsonValue({ maxDepth: 1 }), { maxKeys: 3 }).map((value) => JSON.stringify(value));

const given = <T extends object>(record: T): T =>
  Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined)) as T;

const bytes = (...mediaTypes: string[]) =>
  fc.record({ from: fc.constant('bytes' as const), mediaType: fc.constantFrom(...mediaTypes), base64 });
const image = bytes('image/png', 'image/webp').map((source) => ({ kind: 'image' as const, at, source }));
const file = fc
  .tuple(bytes('application/pdf', 'video/mp4'), optional(name))
  .map(([source, called]) => given({ kind: 'file' as const, at, source, name: called })) as fc.Arbitrary<UserPart>;
const audio = bytes('audio/wav').map((source) => ({ kind: 'audio' as const, at, source }));
const linked = fc.constantFrom<UserPart>(
  { kind: 'image', at, source: { from: 'url', url: 'https://a/b', mediaType: 'image/jpeg' } },
  { kind: 'file', at, source: { from: 'upload', id: 'files/abc', mediaType: 'application/pdf' } },
);
const text = words.map((one): TextPart => ({ kind: 'text', at, text: one }));
const signedText = fc
  .tuple(words, base64)
  .map(([one, signature]): TextPart => ({ kind: 'text', at, text: one, signature }));
const thought = fc
  .tuple(words, optional(base64))
  .map(([one, signature]): AssistantPart => given({ kind: 'reasoning', at, text: one, signature }) as AssistantPart);

const user = fc
  .array(fc.oneof(text, image, file, audio, linked), { minLength: 1, maxLength: 3 })
  .map((parts): Message => ({ role: 'user', at, parts }));

const result = (callId: string) =>
  fc
    .tuple(fc.oneof(words, json), fc.array(fc.oneof(image, file), { maxLength: 1 }), fc.boolean())
    .map(([said, media, isError]) => ({
      kind: 'tool-result' as const,
      at,
      callId,
      parts: [{ kind: 'text', at, text: said }, ...media],
      ...(isError && { isError }),
    })) as fc.Arbitrary<ToolResult>;

function joined(pieces: readonly AssistantPart[]): AssistantPart[] {
  const parts: AssistantPart[] = [];
  for (const piece of pieces) addAssistantPart(parts, piece);
  return parts;
}

const turn = (number: number): fc.Arbitrary<Message[]> =>
  fc
    .tuple(
      fc.array(fc.oneof(text, signedText, thought), { maxLength: 3 }),
      fc.array(fc.tuple(name, json), { maxLength: 3 }),
    )
    .filter(([said, calls]) => said.length + calls.length > 0)
    .chain(([said, calls]) =>
      fc.tuple(...calls.map((_, index) => result(`call_${number}_${index}`))).map((results): Message[] => [
        {
          role: 'assistant',
          at,
          parts: [
            ...joined(said),
            ...calls.map(([called, args], index) => ({
              kind: 'tool-call' as const,
              at,
              id: `call_${number}_${index}`,
              name: called,
              arguments: args,
              // Gemini 3 signs the first of parallel calls, and wants that back.
              ...(index === 0 && { signature: 'c2ln' }),
            })),
          ],
        },
        ...(results.length > 0 ? [{ role: 'tool' as const, at, parts: results }] : []),
      ]),
    );

const conversation: fc.Arbitrary<Message[]> = fc
  .tuple(...[0, 1, 2].map((number) => fc.tuple(user, turn(number))), user)
  .map((turns) =>
    (turns as (Message | [Message, Message[]])[]).flatMap((one) => (Array.isArray(one) ? [one[0], ...one[1]] : one)),
  );

const toolChoice: fc.Arbitrary<ToolChoice> = fc.oneof(
  fc.constantFrom<ToolChoice>({ kind: 'none' }, { kind: 'required' }),
  name.map((called): ToolChoice => ({ kind: 'function', name: called })),
  fc
    .array(name, { minLength: 2, maxLength: 3 })
    .map((names): ToolChoice => ({ kind: 'allowed', names, mode: 'required' })),
  fc.array(name, { minLength: 1, maxLength: 3 }).map((names): ToolChoice => ({ kind: 'allowed', names, mode: 'auto' })),
);

const settings = fc.record(
  {
    maxOutputTokens: fc.nat(),
    temperature: fc.double({ min: 0, max: 2, noNaN: true }).map((value) => value + 0),
    topP: fc.constantFrom(0, 0.5, 1),
    // 64 is what Gemini takes without being told.
    topK: fc.nat().filter((count) => count !== 64),
    stop: fc.array(words, { minLength: 1, maxLength: 2 }),
    seed: fc.nat(),
    frequencyPenalty: fc.constantFrom(-1, 0.5),
    presencePenalty: fc.constantFrom(-1, 0.5),
    logprobs: fc.record({ top: fc.nat({ max: 5 }) }),
    candidates: fc.integer({ min: 1, max: 4 }),
    output: fc.constantFrom<NonNullable<Settings['output']>>(
      { kind: 'json' },
      { kind: 'json-schema', schema: { type: 'object', properties: { a: { type: 'string' } } } },
    ),
    reasoning: fc.oneof(
      fc.record({ effort: fc.constantFrom('minimal' as const, 'low' as const, 'medium' as const, 'high' as const) }),
      fc.record({ budgetTokens: fc.integer({ min: -1, max: 30_000 }), shown: fc.boolean() }),
    ),
    toolChoice,
    serviceTier: fc.constantFrom('default', 'flex', 'priority'),
  },
  { requiredKeys: [] },
) as fc.Arbitrary<Settings>;

const tools = fc.uniqueArray(
  fc
    .tuple(name, words)
    .map(([called, description]) => ({ at, name: called, description, parameters: { type: 'object' }, strict: false })),
  { selector: (tool) => tool.name, maxLength: 3 },
);

export const requests: fc.Arbitrary<ChatRequest> = fc
  .tuple(fc.array(text, { maxLength: 2 }), conversation, tools, settings)
  .map(([instructions, messages, declared, { toolChoice: chosen, ...set }]) => ({
    instructions,
    messages,
    tools: declared,
    // There is a choice among some tools only.
    settings: { ...set, ...(declared.length > 0 && chosen !== undefined && { toolChoice: chosen }) },
  }));

const citationOf = (content: string): fc.Arbitrary<Citation> => {
  // Between characters and not within one, as a model cites.
  const boundaries = [...content].reduce((ends, character) => [...ends, ends.at(-1)! + character.length], [0]);
  return fc
    .tuple(fc.webUrl(), optional(words), fc.subarray(boundaries, { minLength: 2, maxLength: 2 }))
    .map(([url, title, [start, end]]) => given({ url, title, start, end }) as Citation);
};
const token = fc.tuple(words, fc.constantFrom(-0.5, -2)).map(([one, logprob]) => ({ token: one, logprob }));
const logprobs: fc.Arbitrary<TokenLogprob[]> = fc.array(
  fc.tuple(token, fc.array(token, { maxLength: 2 })).map(([chosen, top]) => ({ ...chosen, top })),
  { minLength: 1, maxLength: 3 },
);
const citedText = words
  .chain((content) =>
    fc.tuple(fc.constant(content), fc.array(citationOf(content), { minLength: 1, maxLength: 2 }), optional(logprobs)),
  )
  .map(([content, citations, probabilities]) =>
    given({ kind: 'text' as const, at, text: content, citations, logprobs: probabilities }),
  ) as fc.Arbitrary<TextPart>;

const calls = fc
  .array(fc.tuple(name, json, optional(base64)), { minLength: 1, maxLength: 3 })
  .map((made) =>
    made.map(([called, args, signature], index) =>
      given({ kind: 'tool-call' as const, at, id: `id_${index}`, name: called, arguments: args, signature }),
    ),
  ) as fc.Arbitrary<AssistantPart[]>;

const redacted = base64.map((data): AssistantPart => ({ kind: 'reasoning', at, text: '', redacted: data }));

/**
 * The parts of an answer: at most one text, because the pieces of a stream have no other borders than a change of kind;
 * and last where it has sources, because those come at the end.
 */
const answerParts = fc
  .tuple(
    fc.array(fc.oneof(thought, redacted), { maxLength: 1 }),
    fc.oneof(fc.tuple(optional(fc.oneof(text, signedText)), optional(calls), optional(image)), fc.tuple(citedText)),
  )
  .map(([thoughts, rest]) => [...thoughts, ...rest.flat().filter((part) => part !== undefined)]);

const stops: readonly StopReason[] = ['end', 'length', 'content-filter', 'malformed-tool-call'];

export const choices: fc.Arbitrary<Choice[]> = fc
  .array(fc.tuple(answerParts, fc.constantFrom(...stops)), { minLength: 1, maxLength: 2 })
  .map((made) =>
    made.map(([parts, reason], index): Choice => {
      const hasCalls = parts.some(({ kind }) => kind === 'tool-call');
      return { index, parts, stop: { reason: hasCalls && reason === 'end' ? 'tool-calls' : reason } };
    }),
  );
