import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { usageReader } from '#usage/usage-reader.js';
import { inputTokens, outputTokens, type Usage } from '#usage/usage.js';
import type { JsonObject } from '#usage/json.js';
import type { ChatAnswer, ErrorKind, StopReason } from '../chat/chat-answer.js';
import { errorStatus } from '../chat/chat-answer.js';
import { choices, meaning, readWith, target } from './openai-responses.fixture.js';
import { writeError } from '../openai/error.js';
import { readError } from './error.js';
import { readAnswer } from './read-answer.js';
import { writeAnswer } from './write-answer.js';

const output = [
  {
    type: 'message',
    id: 'msg_1',
    status: 'completed',
    role: 'assistant',
    phase: 'final_answer',
    content: [
      {
        type: 'output_text',
        text: 'Rain.',
        annotations: [
          { type: 'url_citation', start_index: 0, end_index: 4, url: 'https://example.com/', title: 'W' },
          { type: 'url_citation', url: 'https://example.com/2' },
          { type: 'file_citation', file_id: 'file-1', filename: 'a.pdf', index: 3 },
        ],
        logprobs: [{ token: 'Rain', logprob: -0.1, bytes: [82], top_logprobs: [{ token: 'R', logprob: -2 }] }],
      },
    ],
  },
];
const response = {
  id: 'resp_1',
  object: 'response',
  created_at: 7,
  status: 'completed',
  model: 'gpt-5',
  error: null,
  incomplete_details: null,
  service_tier: 'default',
  output,
  usage: { input_tokens: 1, output_tokens: 2, total_tokens: 3 },
};
const read = (changed: JsonObject) => readWith({ ...response, ...changed }, readAnswer);
const stopOf = (changed: JsonObject) => read(changed).value.choices[0]?.stop;
const text = { kind: 'text', at: '', text: 'Hi' } as const;

describe('an answer of OpenAI responses', () => {
  it('is read as it was written, without a loss', () => {
    fc.assert(
      fc.property(choices, (choice) => {
        const to = target();
        const answer: ChatAnswer = {
          id: 'resp_1',
          model: 'gpt-5',
          createdAt: 7,
          serviceTier: 'flex',
          choices: [choice],
        };
        const { value, losses } = readWith(writeAnswer(answer, to), readAnswer);
        expect(meaning(value)).toEqual(meaning(answer));
        expect([...to.losses.list(), ...losses.list()]).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  it('has citations and log probabilities, and tells what cites a file as lost', () => {
    const { value, losses } = read({});
    expect(meaning(value.choices[0]?.parts)).toEqual([
      {
        kind: 'text',
        text: 'Rain.',
        citations: [{ url: 'https://example.com/', title: 'W', start: 0, end: 4 }, { url: 'https://example.com/2' }],
        logprobs: [{ token: 'Rain', logprob: -0.1, bytes: [82], top: [{ token: 'R', logprob: -2 }] }],
      },
    ]);
    expect(losses.list().map(({ at, weight }) => `${weight} ${at}`)).toEqual([
      'hint output.0.phase',
      'meaning output.0.content.0.annotations.2',
    ]);
  });

  it('ends as its status says, and if completed as its output does', () => {
    const call = { type: 'function_call', id: 'fc_1', call_id: 'call_1', name: 'f', arguments: '{}' };
    const refused = { type: 'message', role: 'assistant', content: [{ type: 'refusal', refusal: 'No.' }] };
    const cut = (reason: string) => ({ status: 'incomplete', incomplete_details: { reason } });
    expect(stopOf({})).toEqual({ reason: 'end' });
    expect(stopOf({ output: [...output, call] })).toEqual({ reason: 'tool-calls' });
    expect(stopOf({ output: [refused] })).toEqual({ reason: 'refusal' });
    expect(stopOf({ output: [call], ...cut('max_output_tokens') })).toEqual({ reason: 'length' });
    expect(stopOf(cut('content_filter'))).toEqual({ reason: 'content-filter' });
    expect(stopOf(cut('solar_flare'))).toEqual({ reason: 'length' });
    expect(read(cut('solar_flare')).losses.list()).toContainEqual(
      expect.objectContaining({ at: 'incomplete_details' }),
    );
    expect(stopOf({ status: 'in_progress' })).toBeUndefined();
  });

  it('hides a thought that has nothing but its encrypted content', () => {
    const thought = { type: 'reasoning', id: 'rs_1', summary: [], encrypted_content: 'gAAA' };
    const { parts } = read({ output: [thought, { ...thought, encrypted_content: null }] }).value.choices[0]!;
    expect(meaning(parts)).toEqual([{ kind: 'reasoning', id: 'rs_1', text: '', redacted: 'gAAA' }]);
  });

  it("tells the calls of OpenAI's own tools as lost, once each", () => {
    const search = { type: 'web_search_call', id: 'ws_1', status: 'completed', action: { type: 'search' } };
    expect(read({ output: [search] }).losses.list()).toEqual([
      expect.objectContaining({
        at: 'output.0',
        weight: 'meaning',
        reason: expect.stringContaining('web_search_call'),
      }),
    ]);
  });

  it('says for every other way to end how it is told', () => {
    const written = (reason: StopReason) => {
      const to = target();
      const { status, incomplete_details } = writeAnswer(
        { choices: [{ index: 0, parts: [text], stop: { reason } }] },
        to,
      );
      return [status, incomplete_details, to.losses.list().length];
    };
    expect(written('stop-sequence')).toEqual(['completed', null, 0]);
    expect(written('refusal')).toEqual(['incomplete', { reason: 'content_filter' }, 0]);
    expect(written('context-exceeded')).toEqual(['incomplete', { reason: 'max_output_tokens' }, 1]);
    expect(written('pause')).toEqual(['incomplete', { reason: 'max_output_tokens' }, 1]);
    expect(written('malformed-tool-call')).toEqual(['incomplete', { reason: 'content_filter' }, 1]);
  });

  it('is one: the other choices are lost', () => {
    const to = target();
    const body = writeAnswer(
      {
        choices: [
          { index: 0, parts: [text] },
          { index: 1, parts: [text] },
        ],
      },
      to,
    );
    expect(body['output']).toHaveLength(1);
    expect(to.losses.list()).toEqual([expect.objectContaining({ at: 'choices.1', weight: 'meaning' })]);
  });

  it('has the members that the SDK asks for, and ids and times of its own only where none are given', () => {
    expect(writeAnswer({ choices: [{ index: 0, parts: [text] }] }, target())).toMatchObject({
      id: 'resp_0',
      object: 'response',
      created_at: 1_790_000_000,
      status: 'completed',
      error: null,
      model: 'gpt-5',
      output: [{ id: 'msg_resp_0_0', type: 'message', status: 'completed', role: 'assistant' }],
      parallel_tool_calls: true,
      tools: [],
      tool_choice: 'auto',
      usage: null,
    });
  });

  it('tells the same totals of usage to whoever reads it', () => {
    const count = fc.nat(10_000);
    const some = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
    const segment = fc.record({
      kind: fc.constantFrom('main' as const, 'advisor' as const),
      in: fc.record({
        fresh: fc.record({ text: count }),
        cacheRead: some(fc.record({ text: count })),
        cacheWrite: some(fc.record({ ttl5m: count, ttl1h: count })),
      }),
      out: fc.record({ text: count, reasoning: some(count) }),
    });
    fc.assert(
      fc.property(fc.array(segment, { minLength: 1, maxLength: 3 }), (segments) => {
        const usage = { provider: 'anthropic', api: 'x', segments, completeness: 'final', anomalies: [] };
        const body = writeAnswer({ choices: [], usage: usage as unknown as Usage }, target());
        const reader = usageReader({ provider: 'openai', api: 'openai-responses' }, 'json');
        reader.push(Buffer.from(JSON.stringify(body)));
        const read = reader.end();
        const sum = (one: Usage, count: typeof inputTokens) =>
          one.segments.reduce((total, part) => total + count(part), 0);
        expect(sum(read, inputTokens)).toBe(sum(usage as unknown as Usage, inputTokens));
        expect(sum(read, outputTokens)).toBe(sum(usage as unknown as Usage, outputTokens));
        expect(read.anomalies).toEqual([]);
      }),
    );
  });
});

describe('an error of OpenAI responses', () => {
  it('is of the same kind after it was written', () => {
    for (const kind of Object.keys(errorStatus) as ErrorKind[]) {
      expect(readError(writeError({ kind, message: 'No.' }))).toEqual({ kind, message: 'No.' });
    }
  });

  it('may be that of a response which failed', () => {
    const failed = (code: string) =>
      readError({ ...response, status: 'failed', error: { code, message: 'No.' } })?.kind;
    expect(failed('server_error')).toBe('server');
    expect(failed('rate_limit_exceeded')).toBe('rate_limit');
    expect(failed('invalid_prompt')).toBe('invalid_request');
    expect(failed('image_too_large')).toBe('invalid_request');
    expect(readError(response)).toBeUndefined();
  });
});
