import fc from 'fast-check';
import type {
  AssistantPart,
  ChatRequest,
  FunctionTool,
  Message,
  Settings,
  TextPart,
  ToolCall,
  ToolResult,
  UserPart,
} from './chat-request.js';

/** Requests as an agent sends them, of everything that any protocol can say. `at` is empty: it says nothing here. */
const at = '';
const words = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }).filter((text) => text.trim() === text);
const name = fc.stringMatching(/^[a-z][a-z0-9_]{0,12}$/);
const base64 = fc.uint8Array({ minLength: 1, maxLength: 12 }).map((bytes) => Buffer.from(bytes).toString('base64'));

const text: fc.Arbitrary<TextPart> = words.map((one) => ({ kind: 'text', at, text: one }));
const imageBytes = fc.record({
  from: fc.constant('bytes' as const),
  mediaType: fc.constantFrom('image/png', 'image/jpeg'),
  base64,
});
const image: fc.Arbitrary<UserPart> = imageBytes.map((source) => ({ kind: 'image', at, source }));
const pdf: fc.Arbitrary<UserPart> = fc.tuple(base64, name).map(([bytes, title]) => ({
  kind: 'file',
  at,
  source: { from: 'bytes', mediaType: 'application/pdf', base64: bytes },
  name: `${title}.pdf`,
}));

const json = fc.dictionary(name, fc.oneof(words, fc.integer(), fc.boolean()), { maxKeys: 3 });
const call = (id: string): fc.Arbitrary<ToolCall> =>
  fc.tuple(name, json).map(([tool, input]) => ({
    kind: 'tool-call',
    at,
    id,
    name: tool,
    arguments: JSON.stringify(input),
  }));
const result = ({ id }: ToolCall): fc.Arbitrary<ToolResult> =>
  text.map((part) => ({ kind: 'tool-result', at, callId: id, parts: [part] }));
const thought: fc.Arbitrary<AssistantPart> = fc
  .tuple(words, base64)
  .map(([said, signature]) => ({ kind: 'reasoning', at, text: said, signature }));

const asked: fc.Arbitrary<Message> = fc
  .array(fc.oneof({ weight: 4, arbitrary: text }, image, pdf), { minLength: 1, maxLength: 3 })
  .map((parts) => ({ role: 'user', at, parts }));
const answered: fc.Arbitrary<Message> = text.map((part) => ({ role: 'assistant', at, parts: [part] }));

/** A turn with calls, and the results of all of them. */
const worked = (turn: number): fc.Arbitrary<Message[]> =>
  fc
    .tuple(fc.option(thought, { nil: undefined }), fc.option(text, { nil: undefined }), fc.integer({ min: 1, max: 3 }))
    .chain(([thinking, said, count]) =>
      fc.tuple(...Array.from({ length: count }, (_, index) => call(`call_${turn}_${index}`))).chain((calls) =>
        fc.tuple(...calls.map(result)).map((results): Message[] => [
          {
            role: 'assistant',
            at,
            parts: [thinking, said, ...calls].filter((part) => part !== undefined),
          },
          { role: 'tool', at, parts: results },
        ]),
      ),
    );

const conversation: fc.Arbitrary<Message[]> = fc
  .tuple(asked, fc.integer({ min: 0, max: 2 }), fc.boolean())
  .chain(([first, rounds, answers]) =>
    fc
      .tuple(...Array.from({ length: rounds }, (_, turn) => worked(turn)), fc.tuple(answered, asked))
      .map((turns) => [first, ...turns.slice(0, -1).flat(), ...(answers ? turns.at(-1)! : [])]),
  );

const schema = fc
  .dictionary(name, fc.constantFrom('string', 'integer', 'boolean'), { minKeys: 1, maxKeys: 3 })
  .map((properties) => ({
    type: 'object',
    properties: Object.fromEntries(Object.entries(properties).map(([key, type]) => [key, { type }])),
    required: Object.keys(properties),
    additionalProperties: false,
  }));
const tool: fc.Arbitrary<FunctionTool> = fc
  .tuple(name, words, schema)
  .map(([called, description, parameters]) => ({ at, name: called, description, parameters, strict: false }));

/** What all four protocols can say. */
const sharedSettings: fc.Arbitrary<Settings> = fc.record(
  {
    maxOutputTokens: fc.integer({ min: 1, max: 100_000 }),
    temperature: fc.constantFrom(0, 0.2, 0.7, 1),
    topP: fc.constantFrom(0.1, 0.5, 1),
  },
  { requiredKeys: ['maxOutputTokens'] },
);

/** Whatever a client may set: some protocol cannot say it. */
export const anySettings: fc.Arbitrary<Settings> = fc.record(
  {
    maxOutputTokens: fc.integer({ min: 1, max: 100_000 }),
    temperature: fc.constantFrom(0, 0.2, 1, 1.5),
    topP: fc.constantFrom(0.1, 0.5, 1),
    topK: fc.integer({ min: 1, max: 100 }),
    stop: fc.array(words, { minLength: 1, maxLength: 3 }),
    seed: fc.nat(),
    frequencyPenalty: fc.constantFrom(0.5, -1),
    presencePenalty: fc.constantFrom(0.5, -1),
    logprobs: fc.record({ top: fc.integer({ min: 0, max: 5 }) }),
    candidates: fc.integer({ min: 2, max: 4 }),
    parallelToolCalls: fc.boolean(),
    output: fc.oneof(
      fc.constant({ kind: 'json' as const }),
      fc.tuple(schema, name).map(([one, called]) => ({ kind: 'json-schema' as const, schema: one, name: called })),
    ),
    reasoning: fc.record({ effort: fc.constantFrom('low', 'medium', 'high') }),
    user: name,
  },
  { requiredKeys: [] },
);

const withSettings = (settings: fc.Arbitrary<Settings>): fc.Arbitrary<ChatRequest> =>
  fc
    .tuple(
      fc.array(text, { maxLength: 1 }),
      conversation,
      fc.uniqueArray(tool, { selector: (one) => one.name }),
      settings,
    )
    .map(([instructions, messages, tools, set]) => ({
      model: 'a-model',
      stream: false,
      instructions,
      messages,
      // Who calls tools declares some.
      tools: tools.slice(0, 3),
      settings: set,
    }));

export const sharedRequests = withSettings(sharedSettings);
export const anyRequests = withSettings(anySettings);
