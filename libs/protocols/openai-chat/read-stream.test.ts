import { describe, expect, it } from '@jest/globals';
import { gather, readStream } from './openai-chat.fixture.js';

const chunk = (delta: object, more: object = {}) => ({ id: 'c1', model: 'm', choices: [{ index: 0, delta, ...more }] });
const finished = (reason: string) => chunk({}, { finish_reason: reason });
const partsOf = (...deltas: object[]) => {
  const { events } = readStream([...deltas.map((delta) => chunk(delta)), finished('stop'), '[DONE]']);
  return gather(events).choices[0]?.parts;
};
const call = (piece: object) => ({ tool_calls: [piece] });

describe('a stream of OpenAI chat', () => {
  it('tells its parts in order, and each has an end', () => {
    const { events, losses } = readStream([
      { id: '', model: '', choices: [], prompt_filter_results: [] },
      chunk({ role: 'assistant', content: '', refusal: null }),
      chunk({ reasoning_content: 'Hm' }),
      chunk({ content: 'Hi' }),
      chunk({ content: '!' }),
      finished('stop'),
      { id: 'c1', model: 'm', choices: [], usage: { prompt_tokens: 1 } },
      '[DONE]',
    ]);
    expect(losses).toEqual([]);
    expect(events).toEqual([
      { kind: 'start', id: 'c1', model: 'm' },
      { kind: 'part', choice: 0, part: 0, opens: { kind: 'reasoning' } },
      { kind: 'delta', choice: 0, part: 0, delta: { text: 'Hm' } },
      { kind: 'part-end', choice: 0, part: 0 },
      { kind: 'part', choice: 0, part: 1, opens: { kind: 'text' } },
      { kind: 'delta', choice: 0, part: 1, delta: { text: 'Hi' } },
      { kind: 'delta', choice: 0, part: 1, delta: { text: '!' } },
      { kind: 'part-end', choice: 0, part: 1 },
      { kind: 'stop', choice: 0, stop: { reason: 'end' } },
      { kind: 'end' },
    ]);
  });

  it.each([
    [
      'by index, though ids come once only and pieces take turns',
      [
        call({ index: 0, id: 'a', type: 'function', function: { name: 'f', arguments: '' } }),
        call({ index: 1, id: 'b', type: 'function', function: { name: 'g', arguments: '{"y"' } }),
        call({ index: 0, function: { arguments: '{"x":1}' } }),
        call({ index: 1, function: { arguments: ':2}' } }),
      ],
    ],
    [
      'by id where the index is left out, as Google does',
      [
        call({ id: 'a', function: { name: 'f', arguments: '{"x":1}' } }),
        call({ id: 'b', function: { name: 'g', arguments: '{"y":2}' } }),
      ],
    ],
    [
      'by id where every call has the same index',
      [
        call({ index: 0, id: 'a', function: { name: 'f', arguments: '{"x":1}' } }),
        call({ index: 0, id: 'b', function: { name: 'g', arguments: '{"y":2}' } }),
      ],
    ],
    [
      'where id and name are repeated in each piece',
      [
        call({ index: 0, id: 'a', function: { name: 'f', arguments: '{"x"' } }),
        call({ index: 0, id: 'a', function: { name: 'f', arguments: ':1}' } }),
        call({ index: 1, id: 'b', function: { name: 'g', arguments: '{"y":2}' } }),
      ],
    ],
    [
      'from 1 on',
      [
        call({ index: 1, id: 'a', function: { name: 'f', arguments: '{"x":1}' } }),
        call({ index: 2, id: 'b', function: { name: 'g', arguments: { y: 2 } } }),
      ],
    ],
  ])('keeps calls apart %s', (_, deltas) => {
    expect(partsOf(...deltas)).toMatchObject([
      { kind: 'tool-call', id: 'a', name: 'f', arguments: '{"x":1}' },
      { kind: 'tool-call', id: 'b', name: 'g', arguments: '{"y":2}' },
    ]);
  });

  it('derives an id for a call that has none, and arguments for one that takes none', () => {
    expect(
      partsOf({ tool_calls: [{ id: '', function: { name: 'f' } }, { function: { name: 'g', arguments: '{}' } }] }),
    ).toMatchObject([
      { id: 'call_c1_0', name: 'f', arguments: '{}' },
      { id: 'call_c1_1', name: 'g', arguments: '{}' },
    ]);
  });

  it('reads a call of the time before there were tools', () => {
    const { events } = readStream([
      chunk({ role: 'assistant', content: null, function_call: { name: 'f', arguments: '' } }),
      chunk({ function_call: { arguments: '{"x":1}' } }),
      finished('function_call'),
      '[DONE]',
    ]);
    expect(gather(events).choices).toMatchObject([
      { parts: [{ kind: 'tool-call', name: 'f', arguments: '{"x":1}' }], stop: { reason: 'tool-calls' } },
    ]);
  });

  it('says that the answer ends with calls even where the reason is stop: a call that was forced', () => {
    const { events } = readStream([
      chunk(call({ index: 0, id: 'a', function: { name: 'f', arguments: '{}' } })),
      finished('stop'),
      '[DONE]',
    ]);
    expect(gather(events).choices).toMatchObject([{ stop: { reason: 'tool-calls' } }]);
  });

  it.each<[string, object[], object[]]>([
    [
      'from Mistral',
      [
        { content: [{ type: 'thinking', thinking: [{ type: 'text', text: 'Hm' }] }] },
        { content: [{ type: 'text', text: 'Hi' }] },
      ],
      [
        { kind: 'reasoning', text: 'Hm' },
        { kind: 'text', text: 'Hi' },
      ],
    ],
    [
      'from Google, between tags',
      [
        { content: '<thought>Hm', extra_content: { google: { thought: true } } },
        { content: ', yes', extra_content: { google: { thought: true } } },
        { content: '</thought>Hi' },
      ],
      [
        { kind: 'reasoning', text: 'Hm, yes' },
        { kind: 'text', text: 'Hi' },
      ],
    ],
    [
      'from OpenRouter, with the signature in a delta of its own',
      [
        { reasoning: 'Hm', reasoning_details: [{ type: 'reasoning.text', text: 'Hm', index: 0 }] },
        { reasoning: null, reasoning_details: [{ type: 'reasoning.text', signature: 'sig', index: 0 }] },
        { content: 'Hi' },
      ],
      [
        { kind: 'reasoning', text: 'Hm', signature: 'sig' },
        { kind: 'text', text: 'Hi' },
      ],
    ],
    [
      'from OpenRouter, encrypted and summed up',
      [
        { reasoning_details: [{ type: 'reasoning.summary', summary: 'Hm', index: 0, format: 'openai-responses-v1' }] },
        { reasoning_details: [{ type: 'reasoning.encrypted', data: 'gAAA', index: 1, format: 'openai-responses-v1' }] },
      ],
      [{ kind: 'reasoning', text: 'Hm', isSummary: true, signature: 'gAAA' }],
    ],
    [
      'that are not shown, with the signature of the text',
      [{ content: 'Hi' }, { content: '', extra_content: { google: { thought_signature: 'sig' } } }],
      [{ kind: 'text', text: 'Hi', signature: 'sig' }],
    ],
  ])('reads thoughts %s', (_, deltas, parts) => {
    expect(partsOf(...deltas)).toMatchObject(parts);
  });

  it('gives citations that come before the text to the text', () => {
    const annotations = [
      { type: 'url_citation', url_citation: { url: 'https://a.b', title: 'A', start_index: 0, end_index: 0 } },
    ];
    expect(partsOf({ content: '', annotations }, { content: 'Hi' })).toMatchObject([
      { kind: 'text', text: 'Hi', citations: [{ url: 'https://a.b', title: 'A' }] },
    ]);
  });

  it('keeps several choices apart', () => {
    const { events } = readStream([
      { choices: [{ index: 1, delta: { content: 'B' } }] },
      { choices: [{ index: 0, delta: { content: 'A' } }] },
      { choices: [{ index: 1, delta: {}, finish_reason: 'length' }] },
      { choices: [{ index: 0, delta: {}, finish_reason: 'stop', stop_reason: 'END' }] },
      '[DONE]',
    ]);
    expect(gather(events).choices).toMatchObject([
      { index: 0, parts: [{ text: 'A' }], stop: { reason: 'stop-sequence', sequence: 'END' } },
      { index: 1, parts: [{ text: 'B' }], stop: { reason: 'length' } },
    ]);
  });

  it('ends at an error, whatever comes after it', () => {
    const { events } = readStream([
      chunk({ content: 'Hi' }),
      {
        error: { message: 'Too much.', code: 429 },
        choices: [{ index: 0, delta: { content: '' }, finish_reason: 'error' }],
      },
      '[DONE]',
    ]);
    expect(events.at(-1)).toEqual({ kind: 'error', error: { kind: 'rate_limit', message: 'Too much.' } });
  });

  it('has no end when it breaks off', () => {
    const { events } = readStream([chunk({ content: 'Hi' })]);
    expect(events.at(-1)).toEqual({ kind: 'part-end', choice: 0, part: 0 });
  });

  it('has one without [DONE] where every choice is finished', () => {
    const { events } = readStream([chunk({ content: 'Hi' }), finished('length')]);
    expect(gather(events)).toMatchObject({ ended: true, choices: [{ stop: { reason: 'length' } }] });
  });
});
