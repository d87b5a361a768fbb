import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '#usage/json.js';
import { readAnswer, withoutPlaces } from '#protocols/gemini/gemini.fixture.js';

const answer = (candidate: JsonObject, more: JsonObject = {}) =>
  readAnswer({ candidates: [candidate], responseId: 'r1', modelVersion: 'gemini-3-flash', ...more });
const choiceOf = (candidate: JsonObject) => withoutPlaces(answer(candidate).value.choices[0]!);

describe("Gemini's answer", () => {
  it('is told with its id, model and time', () => {
    const { value, losses } = answer(
      { content: { role: 'model', parts: [{ text: 'Hi' }] }, finishReason: 'STOP', avgLogprobs: -1, index: 0 },
      { createTime: '2026-03-21T18:11:55.919086Z', usageMetadata: { promptTokenCount: 1, serviceTier: 'standard' } },
    );
    expect(losses).toEqual([]);
    expect(withoutPlaces(value)).toEqual({
      id: 'r1',
      model: 'gemini-3-flash',
      createdAt: 1_774_116_715,
      serviceTier: 'default',
      choices: [{ index: 0, parts: [{ kind: 'text', text: 'Hi' }], stop: { reason: 'end' } }],
    });
  });

  it('calls functions by ids that no other answer gives', () => {
    const parts = [
      { functionCall: { name: 'f', args: { x: 1 } }, thoughtSignature: 'c2ln' },
      { functionCall: { name: 'g', args: {}, id: 'mine' } },
    ];
    expect(
      choiceOf({ content: { parts }, finishReason: 'STOP', finishMessage: 'Model generated function call(s).' }),
    ).toEqual({
      index: 0,
      parts: [
        { kind: 'tool-call', id: 'call_r1_0', name: 'f', arguments: '{"x":1}', signature: 'c2ln' },
        { kind: 'tool-call', id: 'mine', name: 'g', arguments: '{}' },
      ],
      stop: { reason: 'tool-calls' },
    });
  });

  it('cites by characters what Google counts in bytes, over all text parts', () => {
    const first = 'Zürich – ';
    const second = '🌧 rain.';
    const bytes = (text: string) => Buffer.byteLength(text);
    const groundingMetadata = {
      webSearchQueries: ['weather'],
      groundingChunks: [
        { web: { uri: 'https://a', title: 'A', domain: 'a' } },
        { web: { uri: 'https://b', title: 'B' } },
        { retrievedContext: { text: 'No address.' } },
      ],
      groundingSupports: [
        { segment: { endIndex: bytes('Zürich') }, groundingChunkIndices: [0] },
        {
          segment: { startIndex: bytes(first), endIndex: bytes(first + '🌧 rain'), text: '🌧 rain' },
          groundingChunkIndices: [0, 2],
          confidenceScores: [0.9, 0.8],
        },
      ],
    };
    const thought = { text: 'Hm.', thought: true };
    const parts = [{ toolCall: { toolType: 'GOOGLE_SEARCH_WEB' } }, { text: first }, thought, { text: second }];
    const { value, losses } = answer({ content: { parts }, groundingMetadata, finishReason: 'STOP' });
    expect(withoutPlaces(value.choices[0]!.parts)).toEqual([
      { kind: 'text', text: first, citations: [{ url: 'https://a', title: 'A', start: 0, end: 6 }] },
      { kind: 'reasoning', text: 'Hm.' },
      {
        kind: 'text',
        text: second,
        citations: [
          { url: 'https://a', title: 'A', start: 0, end: '🌧 rain'.length },
          { url: 'https://b', title: 'B' },
        ],
      },
    ]);
    expect(losses.map(({ at, weight }) => [at, weight])).toEqual([
      ['candidates.0.content.parts.0', 'meaning'],
      ['candidates.0.groundingMetadata.groundingChunks.2', 'meaning'],
      ['candidates.0.groundingMetadata.groundingSupports.1.confidenceScores', 'hint'],
      ['candidates.0.groundingMetadata.webSearchQueries', 'meaning'],
    ]);
  });

  it('tells what it quotes', () => {
    const citationMetadata = { citationSources: [{ startIndex: 1, endIndex: 3, uri: 'https://a', license: 'mit' }] };
    const { parts } = choiceOf({ content: { parts: [{ text: 'abcd' }] }, citationMetadata });
    expect(parts).toEqual([{ kind: 'text', text: 'abcd', citations: [{ url: 'https://a', start: 1, end: 3 }] }]);
  });

  it('tells the probabilities of its tokens', () => {
    const logprobsResult = {
      chosenCandidates: [{ token: 'Hi', tokenId: 9, logProbability: -0.5 }],
      topCandidates: [
        {
          candidates: [
            { token: 'Hi', logProbability: -0.5 },
            { token: 'Yo', logProbability: -2 },
          ],
        },
      ],
    };
    const { parts } = choiceOf({ content: { parts: [{ text: 'Hi' }] }, logprobsResult });
    expect(parts[0]).toMatchObject({
      logprobs: [
        {
          token: 'Hi',
          logprob: -0.5,
          top: [
            { token: 'Hi', logprob: -0.5 },
            { token: 'Yo', logprob: -2 },
          ],
        },
      ],
    });
  });

  it('is filtered when the prompt was blocked', () => {
    const { value } = readAnswer({ promptFeedback: { blockReason: 'SAFETY', safetyRatings: [] }, usageMetadata: {} });
    expect(value.choices).toEqual([{ index: 0, parts: [], stop: { reason: 'content-filter' } }]);
  });

  it.each([
    ['STOP', 'end'],
    ['MAX_TOKENS', 'length'],
    ['SAFETY', 'content-filter'],
    ['RECITATION', 'content-filter'],
    ['BLOCKLIST', 'content-filter'],
    ['PROHIBITED_CONTENT', 'content-filter'],
    ['SPII', 'content-filter'],
    ['MALFORMED_FUNCTION_CALL', 'malformed-tool-call'],
  ])('that stopped by %s stops by %s', (finishReason, reason) => {
    const { value, losses } = answer({ content: {}, finishReason });
    expect(value.choices[0]).toMatchObject({ parts: [], stop: { reason } });
    expect(losses).toEqual([]);
  });

  it('tells a reason that has no counterpart', () => {
    const { value, losses } = answer({ finishReason: 'NO_IMAGE' });
    expect(value.choices[0]!.stop).toEqual({ reason: 'end' });
    expect(losses).toEqual([expect.objectContaining({ at: 'candidates.0.finishReason', weight: 'meaning' })]);
  });
});
