import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '#usage/json.js';
import type { ChatEvent } from '#protocols/chat/chat-answer.js';
import { InvalidBody } from '#protocols/chat/members.js';
import { answerOf, readStream, target, writeStream } from '#protocols/gemini/gemini.fixture.js';

const chunk = (parts: JsonObject[], more: JsonObject = {}): JsonObject => ({
  candidates: [{ content: { parts, role: 'model' }, index: 0, ...more }],
  modelVersion: 'm',
  responseId: 'r',
});
const read = (chunks: readonly JsonObject[]) => answerOf(readStream(chunks).value).choices[0]!;
const kindsOf = (events: readonly ChatEvent[]) => events.map(({ kind }) => kind);

describe("Gemini's stream", () => {
  it('joins the pieces of a text, and a signature behind it belongs to it', () => {
    const { value, losses } = readStream([
      chunk([{ text: 'Think', thought: true }]),
      chunk([{ text: 'ing.', thought: true }]),
      chunk([{ text: 'Pa' }]),
      chunk([{ text: 'ris.' }]),
      chunk([{ text: '', thoughtSignature: 'c2ln' }], { finishReason: 'STOP' }),
    ]);
    expect(losses).toEqual([]);
    expect(answerOf(value)).toEqual({
      id: 'r',
      model: 'm',
      choices: [
        {
          index: 0,
          parts: [
            { kind: 'reasoning', text: 'Thinking.' },
            { kind: 'text', text: 'Paris.', signature: 'c2ln' },
          ],
          stop: { reason: 'end' },
        },
      ],
    });
  });

  it('does not join what is signed with what is not', () => {
    const { parts } = read([
      chunk([{ text: 'a' }]),
      chunk([{ text: 'b', thoughtSignature: 'c2ln' }]),
      chunk([{ text: 'c' }, { text: 'd' }], { finishReason: 'STOP' }),
    ]);
    expect(parts).toEqual([
      { kind: 'text', text: 'a' },
      { kind: 'text', text: 'b', signature: 'c2ln' },
      { kind: 'text', text: 'cd' },
    ]);
  });

  it('cites in the last chunk the text of all', () => {
    const groundingMetadata = {
      groundingChunks: [{ web: { uri: 'https://a' } }],
      groundingSupports: [{ segment: { startIndex: 3, endIndex: 6 }, groundingChunkIndices: [0] }],
    };
    const { parts } = read([
      chunk([{ text: 'é a' }]),
      chunk([{ text: 'bc' }]),
      chunk([{ text: '', thoughtSignature: 'c2ln' }], { finishReason: 'STOP', groundingMetadata }),
    ]);
    expect(parts[0]).toMatchObject({ text: 'é abc', citations: [{ url: 'https://a', start: 2, end: 5 }] });
  });

  it('puts together the arguments that Vertex sends value by value', () => {
    const piece = (functionCall: JsonObject, more = {}) => ({ functionCall, ...more });
    const arg = (jsonPath: string, value: JsonObject, willContinue = false) =>
      piece({ partialArgs: [{ jsonPath, ...value, ...(willContinue && { willContinue }) }], willContinue: true });
    const { parts, stop } = read([
      chunk([piece({ name: 'cook', willContinue: true }, { thoughtSignature: 'c2ln' })]),
      chunk([arg('$.recipe.steps[0]', { stringValue: 'Boil' }, true)]),
      chunk([arg('$.recipe.steps[0]', { stringValue: ' water.' }, true)]),
      chunk([arg('$.recipe.steps[0]', { stringValue: '' })]),
      chunk([piece({ willContinue: true })]),
      chunk([arg("$.recipe['it\\'s.odd']", { numberValue: 0.5 })]),
      chunk([arg('$.recipe.done', { boolValue: false }), arg('$.__proto__.x', { nullValue: null })]),
      chunk([arg('$.tags[]', {})]),
      chunk([piece({})]),
      chunk([piece({ name: 'stop' }), piece({ name: 'wait', willContinue: true })]),
      chunk([piece({ partialArgs: [{ jsonPath: '$.s', numberValue: 3 }] })]),
      chunk([{ text: '' }], { finishReason: 'STOP' }),
    ]);
    const args = '{"recipe":{"steps":["Boil water."],"it\'s.odd":0.5,"done":false},"__proto__":{"x":null},"tags":[]}';
    expect(parts).toEqual([
      { kind: 'tool-call', id: 'call_r_0', name: 'cook', arguments: args, signature: 'c2ln' },
      { kind: 'tool-call', id: 'call_r_1', name: 'stop', arguments: '{}' },
      { kind: 'tool-call', id: 'call_r_2', name: 'wait', arguments: '{"s":3}' },
    ]);
    expect(stop).toEqual({ reason: 'tool-calls' });
  });

  it.each([
    [[{ functionCall: { partialArgs: [] } }]],
    [[{ functionCall: { name: 'f', willContinue: true, partialArgs: [{ jsonPath: '$.a[7]', numberValue: 1 }] } }]],
    [[{ functionCall: { name: 'f', willContinue: true, partialArgs: [{ jsonPath: 'a..b', numberValue: 1 }] } }]],
  ])('is unreadable where a call has no sense: %j', (parts) => {
    expect(() => readStream([chunk(parts)])).toThrow(InvalidBody);
  });

  it('has no end when it breaks off', () => {
    expect(kindsOf(readStream([chunk([{ text: 'Pa' }])]).value)).toEqual(['start', 'part', 'delta']);
    expect(readStream([]).value).toEqual([]);
  });

  it('ends when its prompt was blocked', () => {
    const { value } = readStream([{ promptFeedback: { blockReason: 'PROHIBITED_CONTENT' } }]);
    expect(value.slice(1)).toEqual([{ kind: 'stop', choice: 0, stop: { reason: 'content-filter' } }, { kind: 'end' }]);
  });

  it('tells an error within it, as an object or as a list of one', () => {
    const error = { error: { code: 503, message: 'Busy.', status: 'UNAVAILABLE' } };
    const told = { kind: 'error', error: { kind: 'overloaded', message: 'Busy.', code: 'UNAVAILABLE' } };
    expect(readStream([chunk([{ text: 'Pa' }]), error]).value.at(-1)).toEqual(told);
    expect(readStream([JSON.stringify([error])]).value).toEqual([told]);
    expect(writeStream([{ kind: 'error', error: { kind: 'overloaded', message: 'Busy.' } }])).toEqual([error]);
  });

  it('is unreadable when a chunk is no JSON', () => {
    expect(() => readStream(['<html>'])).toThrow(InvalidBody);
  });

  it('tells the usage and the end in its last chunk', () => {
    const usage = {
      provider: 'p',
      api: 'a',
      segments: [{ kind: 'main', in: { fresh: { text: 3 } }, out: { text: 2 } }],
      completeness: 'final',
      anomalies: [],
    } as const;
    const to = target();
    const chunks = writeStream(
      [
        { kind: 'start', id: 'r', model: 'm', createdAt: 1_700_000_000 },
        { kind: 'part', choice: 0, part: 0, opens: { kind: 'text' } },
        { kind: 'delta', choice: 0, part: 0, delta: { text: 'Hi' } },
        { kind: 'part-end', choice: 0, part: 0 },
        { kind: 'stop', choice: 0, stop: { reason: 'stop-sequence', sequence: '.' } },
        { kind: 'usage', usage },
        { kind: 'end' },
      ],
      to,
    );
    const head = { modelVersion: 'm', createTime: '2023-11-14T22:13:20.000Z', responseId: 'r' };
    expect(chunks).toEqual([
      { candidates: [{ content: { parts: [{ text: 'Hi' }], role: 'model' }, index: 0 }], ...head },
      {
        candidates: [{ content: { parts: [{ text: '' }], role: 'model' }, finishReason: 'STOP', index: 0 }],
        usageMetadata: { promptTokenCount: 3, candidatesTokenCount: 2, totalTokenCount: 5 },
        ...head,
      },
    ]);
    expect(to.losses.list()).toEqual([expect.objectContaining({ at: 'finishReason', weight: 'hint' })]);
  });
});
