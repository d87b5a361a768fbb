import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { UsageApi } from '#usage/usage-api.js';
import { READ_LATER } from './generated.js';
import { KeptBytes } from './kept-bytes.js';
import { PassedAnswer, type PassedAnswerOptions } from './passed-answer.js';
import type { PassedText } from './passed-text.js';

const MANY = 1024 * 1024;

function passed(bytes: Buffer, cutEvery = MANY, options: Partial<PassedAnswerOptions> = {}): PassedText {
  const budget = options.budget ?? new KeptBytes(MANY);
  const answer = new PassedAnswer({ api: 'openai-chat', format: 'sse', budget, ...options });
  for (let at = 0; at < bytes.length; at += cutEvery) answer.push(bytes.subarray(at, at + cutEvery));
  const text = answer.end();
  expect(budget.held).toBeLessThanOrEqual(budget.most);
  answer.release();
  expect(budget.held).toBe(0);
  return text;
}

const sse = (events: readonly object[]) =>
  Buffer.from(events.map((one) => `data: ${JSON.stringify(one)}\n\n`).join(''));
const delta = (said: object, index = 0) => ({ choices: [{ index, delta: said }] });

/** One conversation as each API streams it: "Hello" in two pieces, reasoning "hm", a call of f with {"a":1}. */
const streams: readonly (readonly [UsageApi, readonly object[]])[] = [
  [
    'openai-chat',
    [
      delta({ role: 'assistant', content: '' }),
      delta({ reasoning_content: 'hm' }),
      delta({ content: 'Hel' }),
      delta({ content: 'lo' }),
      delta({ tool_calls: [{ index: 0, id: 'c', function: { name: 'f', arguments: '' } }] }),
      delta({ tool_calls: [{ index: 0, function: { arguments: '{"a":1}' } }] }),
    ],
  ],
  [
    'openai-responses',
    [
      { type: 'response.created', response: { output: [], error: null } },
      { type: 'response.reasoning_text.delta', output_index: 0, content_index: 0, delta: 'hm' },
      { type: 'response.output_text.delta', output_index: 1, content_index: 0, delta: 'Hel' },
      { type: 'response.output_text.delta', output_index: 1, content_index: 0, delta: 'lo' },
      { type: 'response.output_text.done', output_index: 1, content_index: 0, text: 'Hello' },
      {
        type: 'response.output_item.added',
        output_index: 2,
        item: { type: 'function_call', name: 'f', arguments: '' },
      },
      { type: 'response.function_call_arguments.delta', output_index: 2, delta: '{"a":1}' },
      { type: 'response.output_item.done', output_index: 2, item: { type: 'function_call', name: 'f' } },
    ],
  ],
  [
    'anthropic-messages',
    [
      { type: 'message_start', message: { content: [], usage: { input_tokens: 3, output_tokens: 1 } } },
      { type: 'content_block_start', index: 0, content_block: { type: 'thinking', thinking: '' } },
      { type: 'content_block_delta', index: 0, delta: { type: 'thinking_delta', thinking: 'hm' } },
      { type: 'content_block_start', index: 1, content_block: { type: 'text', text: '' } },
      { type: 'content_block_delta', index: 1, delta: { type: 'text_delta', text: 'Hel' } },
      { type: 'content_block_delta', index: 1, delta: { type: 'text_delta', text: 'lo' } },
      { type: 'content_block_start', index: 2, content_block: { type: 'tool_use', name: 'f', input: {} } },
      { type: 'content_block_delta', index: 2, delta: { type: 'input_json_delta', partial_json: '{"a":1}' } },
      {
        type: 'content_block_start',
        index: 3,
        content_block: { type: 'web_search_tool_result', content: [{ title: 'x' }] },
      },
    ],
  ],
  [
    'gemini',
    [
      { candidates: [{ content: { parts: [{ text: 'hm', thought: true }] } }] },
      { candidates: [{ content: { parts: [{ text: 'Hel' }] } }] },
      { candidates: [{ content: { parts: [{ text: 'lo' }, { functionCall: { name: 'f', args: { a: 1 } } }] } }] },
    ],
  ],
  [
    'bedrock-converse',
    [
      { messageStart: { role: 'assistant' } },
      { contentBlockDelta: { contentBlockIndex: 0, delta: { reasoningContent: { text: 'hm' } } } },
      { contentBlockDelta: { contentBlockIndex: 1, delta: { text: 'Hel' } } },
      { contentBlockIndex: 1, delta: { text: 'lo' } },
      { contentBlockStart: { contentBlockIndex: 2, start: { toolUse: { name: 'f' } } } },
      { contentBlockDelta: { contentBlockIndex: 2, delta: { toolUse: { input: '{"a":1}' } } } },
    ],
  ],
  [
    'cohere-chat',
    [
      { type: 'content-delta', index: 0, delta: { message: { content: { thinking: 'hm' } } } },
      { type: 'content-delta', index: 1, delta: { message: { content: { text: 'Hel' } } } },
      { type: 'content-delta', index: 1, delta: { message: { content: { text: 'lo' } } } },
      {
        type: 'tool-call-start',
        index: 0,
        delta: { message: { tool_calls: { function: { name: 'f', arguments: '' } } } },
      },
      { type: 'tool-call-delta', index: 0, delta: { message: { tool_calls: { function: { arguments: '{"a":1}' } } } } },
    ],
  ],
];

describe('what passed of an answer', () => {
  it.each(streams)('is its text, reasoning and tool calls in %s, however the bytes are split', (api, events) => {
    for (const cut of [MANY, 7, 1]) {
      const { texts, dropped, begun, failed } = passed(sse(events), cut, { api });
      expect(texts).toEqual({ text: ['Hello'], reasoning: ['hm'], toolCall: ['f{"a":1}'] });
      expect({ dropped, begun, failed }).toEqual({
        dropped: { text: 0, reasoning: 0, toolCall: 0 },
        begun: true,
        failed: false,
      });
    }
  });

  it('keeps choices apart whose pieces are interleaved', () => {
    const events = [delta({ content: 'a' }, 0), delta({ content: 'x' }, 1), delta({ content: 'b' }, 0)];
    expect(passed(sse(events)).texts.text).toEqual(['ab', 'x']);
  });

  it('is whole messages too, in JSON', () => {
    const answer = (body: object, api: UsageApi) =>
      passed(Buffer.from(JSON.stringify(body)), 3, { api, format: 'json' }).texts;
    const call = { type: 'tool_use', name: 'f', input: { a: 1 } };
    expect(answer({ type: 'message', content: [{ type: 'text', text: 'Hi' }, call] }, 'anthropic-messages')).toEqual({
      text: ['Hi'],
      reasoning: [],
      toolCall: ['f{"a":1}'],
    });
    const output = [{ type: 'message', content: [{ type: 'output_text', text: 'Hi' }] }];
    expect(answer({ object: 'response', output }, 'openai-responses').text).toEqual(['Hi']);
  });

  it('holds no words of an error', () => {
    const error = { error: { message: 'The model failed to say hello.', failed_generation: 'Hello' } };
    expect(passed(sse([delta({ content: 'a' }), error]))).toMatchObject({ texts: { text: ['a'] }, failed: true });
    expect(passed(sse([error]))).toMatchObject({ texts: { text: [] }, begun: false, failed: true });
    expect(passed(Buffer.from(JSON.stringify(error)), 9, { format: 'json' })).toMatchObject({
      begun: false,
      failed: true,
    });
    const named = Buffer.from('event: error\ndata: {"message":"overloaded"}\n\n');
    expect(passed(named)).toMatchObject({ begun: false, failed: true });
  });

  it('ends where an event was cut off', () => {
    const bytes = sse([delta({ content: 'Hel' }), delta({ content: 'lo' })]);
    expect(passed(bytes.subarray(0, -9)).texts.text).toEqual(['Hel']);
  });

  it('names what cannot be counted', () => {
    const search = {
      type: 'content_block_start',
      index: 0,
      content_block: { type: 'server_tool_use', name: 'web_search' },
    };
    expect(passed(sse([search]), MANY, { api: 'anthropic-messages' }).uncounted).toEqual([READ_LATER]);
    const audio = passed(sse([delta({ audio: { transcript: 'Hi', data: 'AAAA' } })]));
    expect(audio).toMatchObject({ texts: { text: ['Hi'] }, uncounted: ['audio'] });
    const cutOff = passed(Buffer.from('{"choices":[{"message":{"content":"He'), 5, { format: 'json' });
    expect(cutOff.uncounted).toEqual(['a JSON answer that broke off']);
  });
});

describe('the memory for it', () => {
  const words = fc.array(fc.string({ unit: 'grapheme', maxLength: 30 }), { maxLength: 40 });

  it('gives the same text when only generated text is kept, not the bytes', () => {
    fc.assert(
      fc.property(words, fc.integer({ min: 1, max: 300 }), fc.nat(500), (texts, cutEvery, mostRawBytes) => {
        const bytes = sse(texts.map((content) => delta({ content })));
        expect(passed(bytes, cutEvery, { mostRawBytes })).toEqual(passed(bytes));
      }),
    );
  });

  it('measures what it drops beyond its bound', () => {
    fc.assert(
      fc.property(words, fc.nat(200), fc.integer({ min: 1, max: 300 }), (texts, mostTextBytes, cutEvery) => {
        const bytes = sse(texts.map((content) => delta({ content })));
        const some = passed(bytes, cutEvery, { mostTextBytes, mostRawBytes: 100 });
        const kept = some.texts.text.join('');
        expect(texts.join('').startsWith(kept)).toBe(true);
        expect(kept.length * 2).toBeLessThanOrEqual(mostTextBytes);
        expect(Buffer.byteLength(kept) + some.dropped.text).toBe(Buffer.byteLength(texts.join('')));
      }),
    );
  });

  it('is shared by all answers, never exceeded, and whole again when they are released', () => {
    const order = fc.array(fc.record({ answer: fc.nat(3), bytes: fc.nat(400), ends: fc.boolean() }), { maxLength: 60 });
    fc.assert(
      fc.property(order, fc.nat(3000), words, (steps, most, texts) => {
        const budget = new KeptBytes(most);
        const bytes = sse(texts.map((content) => delta({ content })));
        const make = () => ({ answer: new PassedAnswer({ api: 'openai-chat', format: 'sse', budget }), at: 0 });
        const answers = [make(), make(), make(), make()];
        for (const { answer, bytes: length, ends } of steps) {
          const one = answers[answer]!;
          one.answer.push(bytes.subarray(one.at, one.at + length));
          one.at += length;
          if (ends) {
            one.answer.end();
            one.answer.release();
            answers[answer] = make();
          }
          expect(budget.held).toBeLessThanOrEqual(most);
        }
        for (const { answer } of answers) answer.release();
        expect(budget.held).toBe(0);
      }),
    );
  });

  it('says so when it did not suffice', () => {
    const { texts, uncounted } = passed(sse([delta({ content: 'Hello' })]), 5, { budget: new KeptBytes(20) });
    expect(texts.text).toEqual([]);
    expect(uncounted).toEqual(['bytes that did not fit in memory']);
  });
});
