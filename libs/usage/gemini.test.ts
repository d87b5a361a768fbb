import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { anomalyCodes, quantitiesOf, readAnswer, readStream } from './reading.fixture.js';
import type { UsageSource } from './usage-reader.js';
import { inputTokens, outputTokens } from './usage.js';

const source: UsageSource = { provider: 'google', api: 'gemini', requestedModel: 'gemini-2.5-flash' };

const answer = (usageMetadata: object, candidate: object = {}, modelVersion = 'gemini-2.5-flash') => ({
  candidates: [{ content: { parts: [{ text: 'Hi' }] }, finishReason: 'STOP', ...candidate }],
  usageMetadata,
  modelVersion,
});
const running = (usageMetadata: object) => ({
  candidates: [{ content: {} }],
  usageMetadata,
  modelVersion: 'gemini-2.5-flash',
});

describe('usage of Gemini', () => {
  it("is read where names are numbers, as Google's Vertex libraries ask for them", () => {
    const counts = { promptTokenCount: 9, candidatesTokenCount: 2, totalTokenCount: 11, trafficType: 1 };
    const split = {
      promptTokensDetails: [
        { modality: 1, tokenCount: 5 },
        { modality: 4, tokenCount: 4 },
      ],
    };
    const usage = readStream(source, answer({ ...counts, ...split }, { finishReason: 1 }));
    expect(quantitiesOf(usage)).toEqual({ 'in.fresh.text': 5, 'in.fresh.audio': 4, 'out.text': 2 });
    expect(usage).toMatchObject({ completeness: 'final', modifiers: { traffic: 'ON_DEMAND' }, anomalies: [] });
  });

  it('is disjoint: the cache is within the prompt, thoughts and tool prompts are beside', () => {
    const usage = readAnswer(
      source,
      answer({
        promptTokenCount: 1000,
        cachedContentTokenCount: 600,
        candidatesTokenCount: 70,
        thoughtsTokenCount: 30,
        toolUsePromptTokenCount: 200,
        totalTokenCount: 1300,
        serviceTier: 'flex',
        trafficType: 'ON_DEMAND',
      }),
    );
    expect(quantitiesOf(usage)).toEqual({
      'in.fresh.text': 400,
      'in.cacheRead.text': 600,
      'in.toolPrompt': 200,
      'out.text': 70,
      'out.reasoning': 30,
    });
    expect(usage).toMatchObject({
      servedModel: 'gemini-2.5-flash',
      modifiers: { tierServed: 'flex', traffic: 'ON_DEMAND' },
      completeness: 'final',
      anomalies: [],
    });
  });

  it('is split by modality, of the prompt and of its cached part; a document is read as images', () => {
    const usage = readAnswer(
      source,
      answer({
        promptTokenCount: 1000,
        promptTokensDetails: [
          { modality: 'TEXT', tokenCount: 100 },
          { modality: 'AUDIO', tokenCount: 300 },
          { modality: 'IMAGE', tokenCount: 258 },
          { modality: 'DOCUMENT', tokenCount: 342 },
        ],
        cachedContentTokenCount: 250,
        cacheTokensDetails: [
          { modality: 'AUDIO', tokenCount: 200 },
          { modality: 'TEXT', tokenCount: 50 },
        ],
        candidatesTokenCount: 1310,
        candidatesTokensDetails: [
          { modality: 'IMAGE', tokenCount: 1290 },
          { modality: 'TEXT', tokenCount: 20 },
        ],
        totalTokenCount: 2310,
      }),
    );
    expect(quantitiesOf(usage)).toEqual({
      'in.fresh.text': 50,
      'in.fresh.audio': 100,
      'in.fresh.image': 600,
      'in.cacheRead.text': 50,
      'in.cacheRead.audio': 200,
      'out.text': 20,
      'out.image': 1290,
    });
    expect(usage.anomalies).toEqual([]);
  });

  it('takes what a split leaves out for text, and says so', () => {
    const usage = readAnswer(
      source,
      answer({
        promptTokenCount: 10,
        promptTokensDetails: [{ modality: 'TEXT', tokenCount: 10 }],
        candidatesTokenCount: 1283,
        candidatesTokensDetails: [{ modality: 'IMAGE', tokenCount: 1120 }],
        totalTokenCount: 1293,
      }),
    );
    expect(quantitiesOf(usage)).toEqual({ 'in.fresh.text': 10, 'out.text': 163, 'out.image': 1120 });
    expect(anomalyCodes(usage)).toEqual(['parts_incomplete']);
  });

  it('names a modality that is not known, and a total that is not the sum', () => {
    const usage = readAnswer(
      source,
      answer({
        promptTokenCount: 10,
        promptTokensDetails: [{ modality: 'SMELL', tokenCount: 10 }],
        candidatesTokenCount: 5,
        totalTokenCount: 16,
      }),
    );
    expect(quantitiesOf(usage)).toEqual({ 'in.fresh.text': 10, 'out.text': 5 });
    expect(anomalyCodes(usage)).toEqual(['total_mismatch', 'modality_unknown']);
  });

  it('of a stream is its last count, which may be less than an earlier one', () => {
    const usage = readStream(
      source,
      running({ promptTokenCount: 169, totalTokenCount: 169 }),
      answer({ promptTokenCount: 79, candidatesTokenCount: 12, totalTokenCount: 91 }),
    );
    expect(quantitiesOf(usage)).toEqual({ 'in.fresh.text': 79, 'out.text': 12 });
    expect(usage.completeness).toBe('final');
  });

  it('of a stream that breaks off is partial, and a chunk without counts does not take its counts away', () => {
    const usage = readStream(
      source,
      running({ promptTokenCount: 9, candidatesTokenCount: 4, totalTokenCount: 13 }),
      running({ trafficType: 'ON_DEMAND' }),
    );
    expect(quantitiesOf(usage)).toEqual({ 'in.fresh.text': 9, 'out.text': 4 });
    expect(usage.completeness).toBe('partial');
  });

  it('of a blocked prompt has no output, and nothing is missing: the total says so', () => {
    const blocked = {
      promptFeedback: { blockReason: 'SAFETY' },
      usageMetadata: { promptTokenCount: 14, totalTokenCount: 14 },
      modelVersion: 'gemini-2.5-flash',
    };
    for (const usage of [readAnswer(source, blocked), readStream(source, blocked)]) {
      expect(quantitiesOf(usage)).toEqual({ 'in.fresh.text': 14 });
      expect(usage.completeness).toBe('final');
    }
    const armored = { ...blocked, usageMetadata: { trafficType: 'ON_DEMAND' } };
    expect(readAnswer(source, armored)).toMatchObject({ completeness: 'missing', segments: [] });
  });

  it('without output and without a total is partial', () => {
    expect(readAnswer(source, answer({ promptTokenCount: 14 })).completeness).toBe('partial');
  });

  it('charges searches by the prompt before Gemini 3, by the different query since', () => {
    const counts = { promptTokenCount: 1, candidatesTokenCount: 1, totalTokenCount: 2 };
    const grounded = { groundingMetadata: { webSearchQueries: ['a', '', 'b', 'a'] } };
    const searches = (model: string) =>
      quantitiesOf(readAnswer(source, answer(counts, grounded, model)))['units.webSearch'];
    expect(searches('gemini-2.5-flash')).toBe(1);
    expect(searches('gemini-2.0-flash-001')).toBe(1);
    expect(searches('gemini-3-flash-preview')).toBe(2);
    expect(searches('gemini-3.1-pro-preview')).toBe(2);
    expect(readAnswer(source, answer(counts, { groundingMetadata: {} })).units).toBeUndefined();
  });

  it('never counts below zero nor past its wholes, whatever its parts say', () => {
    const tokens = fc.nat({ max: 5000 });
    const split = fc.array(
      fc.record({ modality: fc.constantFrom('TEXT', 'AUDIO', 'IMAGE', 'VIDEO', 'DOCUMENT', 'X'), tokenCount: tokens }),
      { maxLength: 5 },
    );
    const metadata = fc.record({
      promptTokenCount: tokens,
      cachedContentTokenCount: tokens,
      candidatesTokenCount: tokens,
      thoughtsTokenCount: tokens,
      toolUsePromptTokenCount: tokens,
      promptTokensDetails: split,
      cacheTokensDetails: split,
      candidatesTokensDetails: split,
    });
    fc.assert(
      fc.property(metadata, (told) => {
        const usage = readAnswer(source, answer(told));
        expect(Object.values(quantitiesOf(usage)).every((quantity) => quantity >= 0)).toBe(true);
        const [segment] = usage.segments;
        expect(inputTokens(segment!)).toBe(told.promptTokenCount + told.toolUsePromptTokenCount);
        expect(outputTokens(segment!)).toBe(told.candidatesTokenCount + told.thoughtsTokenCount);
      }),
    );
  });
});
