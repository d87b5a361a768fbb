import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '#usage/json.js';
import { chatApis, type ChatApi } from '#protocols/chat/chat-api.js';
import { type Conversion, convertAnswer, convertRequest } from '#protocols/convert.js';
import { StreamConversion } from '#protocols/convert-stream.js';
import { Refusal } from '#protocols/error-body.js';

const conversion = (from: ChatApi, to: ChatApi): Conversion => ({
  from,
  to,
  model: 'a-model',
  id: 'an-id',
  now: 1_790_000_000,
  allowsLosses: true,
});
const targets = (from: ChatApi) => chatApis.filter((to) => to !== from);

/** `{"a":{"a":…}}` */
const nested = (depth: number): string => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`;
const times = <T>(count: number, one: (index: number) => T): T[] => Array.from({ length: count }, (_, i) => one(i));
/** More than a call takes arguments. */
const MANY = 150_000;

const wide: Readonly<Record<ChatApi, readonly JsonObject[]>> = {
  'openai-chat': [
    { messages: [{ role: 'system', content: times(MANY, () => ({ type: 'text', text: 'a' })) }] },
    {
      messages: [
        { role: 'user', content: 'a' },
        ...times(20_000, (n) => ({ role: 'assistant', function_call: { name: `f${n}`, arguments: '{}' } })),
        ...times(20_000, (n) => ({ role: 'function', name: `f${n}`, content: 'r' })),
      ],
    },
  ],
  'openai-responses': [{ input: times(20_000, () => ({ role: 'user', content: 'a' })) }],
  'anthropic-messages': [
    { max_tokens: 9, messages: [{ role: 'user', content: times(MANY, () => ({ type: 'text', text: 'a' })) }] },
    { max_tokens: 9, messages: times(20_000, () => ({ role: 'user', content: 'a' })) },
  ],
  gemini: [{ contents: [{ parts: times(MANY, () => ({ text: 'a' })) }] }],
};

const deep: Readonly<Record<ChatApi, (json: string) => string>> = {
  'openai-chat': (json) => `{"messages":[],"tools":[{"function":{"name":"f","parameters":${json}}}]}`,
  'openai-responses': (json) => `{"input":"a","tools":[{"type":"function","name":"f","parameters":${json}}]}`,
  'anthropic-messages': (json) => `{"max_tokens":9,"messages":[],"tools":[{"name":"f","input_schema":${json}}]}`,
  gemini: (json) => `{"contents":[],"tools":[{"functionDeclarations":[{"name":"f","parameters":${json}}]}]}`,
};

/** Words that name a property of every object. */
const words: Readonly<Record<ChatApi, readonly JsonObject[]>> = {
  'openai-chat': [{ messages: [{ role: 'user', content: 'a' }], service_tier: 'constructor' }],
  'openai-responses': [
    { input: [{ role: 'user', content: [{ type: 'input_file', filename: 'a.__proto__', file_data: 'AA==' }] }] },
    {
      input: [{ role: 'user', content: [{ type: 'input_audio', input_audio: { format: 'toString', data: 'AA==' } }] }],
    },
  ],
  'anthropic-messages': [{ max_tokens: 9, messages: [{ role: 'user', content: 'a' }], service_tier: 'constructor' }],
  gemini: [{ contents: [{ parts: [{ text: 'a' }] }], serviceTier: 'constructor' }],
};

describe.each(chatApis)('a hostile request of %s', (from) => {
  it('of any width is converted in bounded time', () => {
    for (const body of wide[from]) {
      for (const to of targets(from)) {
        expect(convertRequest(body, conversion(from, to))).not.toBeInstanceOf(Refusal);
      }
    }
  }, 60_000);

  it('that nests without end is refused', () => {
    const body = JSON.parse(deep[from](nested(50_000))) as JsonObject;
    for (const to of targets(from)) {
      expect(convertRequest(body, conversion(from, to))).toMatchObject({ code: 'invalid_request' });
    }
  });

  it('says words that are words and never properties', () => {
    for (const body of words[from]) {
      for (const to of targets(from)) {
        const converted = convertRequest(body, conversion(from, to));
        if (converted instanceof Refusal) throw new Error(converted.message);
        JSON.stringify(converted.body, (_, value: unknown) => {
          expect(typeof value).not.toBe('function');
          return value;
        });
      }
    }
  });
});

describe('arguments that nest without end', () => {
  const calls = [{ id: 'c', type: 'function', function: { name: 'f', arguments: nested(50_000) } }];

  it.each(['anthropic-messages', 'gemini'] as const)('are told as a loss by %s, which wants an object', (to) => {
    const converted = convertRequest(
      { messages: [{ role: 'assistant', tool_calls: calls }] },
      conversion('openai-chat', to),
    );
    expect(converted).toMatchObject({
      losses: expect.arrayContaining([expect.objectContaining({ weight: 'meaning' })]),
    });
  });
});

describe('an answer that nests without end', () => {
  it.each(chatApis)('of %s cannot be read', (from) => {
    for (const to of targets(from)) {
      expect(convertAnswer(Buffer.from(nested(50_000)), conversion(from, to))).toBeInstanceOf(Refusal);
      const stream = new StreamConversion(conversion(from, to));
      const out = Buffer.concat([stream.push(Buffer.from(`data: ${nested(50_000)}\n\n`)), stream.end()]);
      expect(out.toString()).toContain('cannot be read');
    }
  });
});

it('a number that JSON cannot write is refused', () => {
  const body = JSON.parse('{"messages":[{"role":"user","content":"a"}],"temperature":1e400}') as JsonObject;
  expect(convertRequest(body, conversion('openai-chat', 'gemini'))).toMatchObject({ param: 'temperature' });
});
