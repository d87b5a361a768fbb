import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import OpenAI from 'openai';
import type { JsonObject } from '#usage/json.js';
import type { ChatEvent, Choice } from '../chat/chat-answer.js';
import type { WireEvent } from '../chat/chat-protocol.js';
import { Losses } from '../chat/losses.js';
import { InvalidBody, Reading } from '../chat/members.js';
import {
  choices,
  eventsOf,
  meaning,
  readStream,
  readWith,
  target,
  toldBy,
  writeStream,
} from './openai-responses.fixture.js';
import { openaiResponses } from './openai-responses.js';
import { readAnswer } from './read-answer.js';

/** Cuts a text after so many characters, again and again. */
const every = (length: number) => (text: string) => text.match(new RegExp(`[^]{1,${length}}`, 'g')) ?? [];
const end: ChatEvent = { kind: 'end' };
const lastOf = (wire: readonly WireEvent[]) =>
  wire.at(-1)?.data as { readonly type: string; readonly response: JsonObject };
const typesOf = (wire: readonly WireEvent[]) => wire.map(({ type }) => type);

/** What the official SDK makes of a stream. */
async function accumulated(wire: readonly WireEvent[]): Promise<JsonObject> {
  const body = wire.map(({ type, data }) => `event: ${type}\ndata: ${JSON.stringify(data)}\n\n`).join('');
  const client = new OpenAI({
    apiKey: 'none',
    maxRetries: 0,
    fetch: () => Promise.resolve(new Response(body, { headers: { 'content-type': 'text/event-stream' } })),
  });
  const stream = client.responses.stream({ model: 'gpt-5', input: 'Hi' });
  return (await stream.finalResponse()) as unknown as JsonObject;
}

describe('a stream of OpenAI responses', () => {
  it('tells the same parts and stop as were written, however it is cut', () => {
    fc.assert(
      fc.property(choices, fc.integer({ min: 1, max: 8 }), fc.boolean(), (choice, length, isParallel) => {
        const to = target();
        const { events, losses } = readStream(writeStream([...eventsOf(choice, every(length), isParallel), end], to));
        expect(toldBy(events)).toEqual({ parts: meaning(choice.parts), stop: choice.stop, ended: choice.parts.length });
        expect([events[0], events.at(-1)]).toEqual([
          { kind: 'start', id: 'resp_1', model: 'gpt-5', createdAt: 7 },
          end,
        ]);
        expect([...to.losses.list(), ...losses.list()]).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  it('ends with the response that the same answer is without streaming', () => {
    fc.assert(
      fc.property(choices, fc.boolean(), (choice, isParallel) => {
        const wire = writeStream([...eventsOf(choice, every(3), isParallel), end]);
        const { value } = readWith(lastOf(wire).response, readAnswer);
        expect(meaning(value)).toEqual({ id: 'resp_1', model: 'gpt-5', createdAt: 7, choices: [meaning(choice)] });
        expect(wire.map(({ data }) => (data as JsonObject)['sequence_number'])).toEqual(wire.map((_, index) => index));
        expect(wire.every(({ type, data }) => (data as JsonObject)['type'] === type)).toBe(true);
      }),
    );
  });

  it('is put together by the official SDK, event by event, to what the last event says', async () => {
    await fc.assert(
      fc.asyncProperty(choices, fc.boolean(), async (choice, isParallel) => {
        const wire = writeStream([...eventsOf(choice, every(3), isParallel), end]);
        const { response } = lastOf(wire);
        // Without the last event the SDK has nothing but what the others added up to.
        const streamed = await accumulated(wire.slice(0, -1));
        expect(itemsIn(streamed)).toEqual(itemsIn(response));
        expect(itemsIn(await accumulated(wire))).toEqual(itemsIn(response));
      }),
      { numRuns: 60 },
    );
  });

  it('sends every event that the protocol has for a thought, a text and a call', () => {
    const choice: Choice = {
      index: 0,
      parts: [
        { kind: 'reasoning', at: '', id: 'rs_1', text: 'Hm.', isSummary: true, signature: 's' },
        { kind: 'text', at: '', text: 'Hi', citations: [{ url: 'https://example.com' }] },
        { kind: 'tool-call', at: '', id: 'call_1', name: 'f', arguments: '{}' },
      ],
      stop: { reason: 'tool-calls' },
    };
    expect(
      typesOf(writeStream([...eventsOf(choice, every(9)), end])).map((type) => type?.slice('response.'.length)),
    ).toEqual([
      'created',
      'in_progress',
      'output_item.added',
      'reasoning_summary_part.added',
      'reasoning_summary_text.delta',
      'reasoning_summary_text.done',
      'reasoning_summary_part.done',
      'output_item.done',
      'output_item.added',
      'content_part.added',
      'output_text.delta',
      'output_text.annotation.added',
      'output_text.done',
      'content_part.done',
      'output_item.done',
      'output_item.added',
      'function_call_arguments.delta',
      'function_call_arguments.done',
      'output_item.done',
      'completed',
    ]);
  });

  it('breaks off without an end where the bytes do', () => {
    const choice: Choice = { index: 0, parts: [{ kind: 'text', at: '', text: 'Hi' }] };
    const wire = writeStream(eventsOf(choice, every(1)));
    expect(typesOf(wire)).not.toContain('response.completed');
    expect(readStream(wire).events.some(({ kind }) => kind === 'end')).toBe(false);
  });

  it('tells an error as OpenAI does: an event that the SDK throws, and a response that failed', async () => {
    const wire = writeStream([
      { kind: 'start', id: 'resp_1' },
      { kind: 'error', error: { kind: 'rate_limit', message: 'Slow down.', code: 'rate_limit_exceeded' } },
    ]);
    expect(typesOf(wire).slice(2)).toEqual(['error', 'response.failed']);
    expect(lastOf(wire).response).toMatchObject({
      status: 'failed',
      error: { code: 'rate_limit_exceeded', message: 'Slow down.' },
    });
    await expect(accumulated(wire)).rejects.toThrow('Slow down.');
    const errors = readStream(wire).events.filter(({ kind }) => kind === 'error');
    expect(errors[0]).toMatchObject({ error: { kind: 'rate_limit', message: 'Slow down.' } });
  });

  it('reads an error that has its members in itself', () => {
    const data = { type: 'error', code: 'invalid_prompt', message: 'No.', param: null, sequence_number: 0 };
    expect(readStream([{ data }]).events).toContainEqual({
      kind: 'error',
      error: { kind: 'invalid_request', message: 'No.', code: 'invalid_prompt' },
    });
  });

  it('reads a response that failed without an event of its own for the error, or without a message', () => {
    const failed = (error: unknown) =>
      readStream([{ data: { type: 'response.failed', response: { status: 'failed', error } } }]).events.at(-1);
    expect(failed({ code: 'rate_limit_exceeded', message: 'Slow down.' })).toMatchObject({
      error: { kind: 'rate_limit', message: 'Slow down.' },
    });
    expect(failed(null)).toMatchObject({ error: { kind: 'server', message: 'The provider gave no message.' } });
  });

  it('never fails otherwise than by saying what is malformed', () => {
    const types = ['output_item.added', 'output_item.done', 'output_text.delta', 'reasoning_summary_text.delta'];
    const more = ['function_call_arguments.delta', 'output_text.annotation.added', 'completed', 'failed', 'created'];
    const members = ['item', 'delta', 'response', 'annotation', 'logprobs', 'content_index'];
    const event = fc.record({
      type: fc.constantFrom(...[...types, ...more].map((type) => `response.${type}`)),
      output_index: fc.nat(1),
      ...Object.fromEntries(members.map((name) => [name, fc.jsonValue({ maxDepth: 3 })])),
    });
    fc.assert(
      fc.property(fc.array(event, { maxLength: 4 }), (events) => {
        const reader = openaiResponses.streamReader(new Reading(new Losses()));
        for (const data of events) {
          try {
            reader.read({ data });
          } catch (error) {
            expect(error).toBeInstanceOf(InvalidBody);
          }
        }
      }),
      { numRuns: 500 },
    );
  });

  it('has one answer: what another choice says is lost', () => {
    const to = target();
    writeStream([{ kind: 'part', choice: 1, part: 0, opens: { kind: 'text' } }], to);
    expect(to.losses.list()).toEqual([expect.objectContaining({ at: 'choices.1', weight: 'meaning' })]);
  });
});

describe('a stream of an upstream that leaves events out', () => {
  const message = {
    type: 'message',
    id: 'msg_1',
    role: 'assistant',
    content: [
      { type: 'output_text', text: 'Hi there', annotations: [{ type: 'url_citation', url: 'https://a.example' }] },
    ],
  };
  const call = { type: 'function_call', id: 'fc_1', call_id: 'call_1', name: 'f', arguments: '{"a":1}' };
  const told = [
    { kind: 'text', text: 'Hi there', citations: [{ url: 'https://a.example' }] },
    { kind: 'tool-call', id: 'call_1', name: 'f', arguments: '{"a":1}' },
  ];
  const completed = (output: readonly object[]) => ({
    type: 'response.completed',
    response: { id: 'resp_1', status: 'completed', output },
  });
  const partsOf = (events: readonly JsonObject[]) => toldBy(readStream(events.map((data) => ({ data }))).events);

  it('reads items that come whole', () => {
    const done = [message, call].map((item, index) => ({
      type: 'response.output_item.done',
      output_index: index,
      item,
    }));
    expect(partsOf([...done, completed([])])).toEqual({ parts: told, stop: { reason: 'tool-calls' }, ended: 2 });
  });

  it('reads an answer of which only the end comes', () => {
    expect(partsOf([completed([message, call])])).toMatchObject({ parts: told, ended: 2 });
  });

  it('tells of a finished item only what its deltas left out', () => {
    const delta = { type: 'response.output_text.delta', output_index: 0, content_index: 0, delta: 'Hi ' };
    const done = { type: 'response.output_item.done', output_index: 0, item: message };
    expect(partsOf([delta, done, completed([message])])).toMatchObject({ parts: [told[0]], ended: 1 });
  });

  it('reads items that are finished in another order, and under other ids', () => {
    const events = [
      { type: 'response.output_item.added', output_index: 0, item: { type: 'message', id: 'a', content: [] } },
      { type: 'response.output_text.delta', output_index: 0, content_index: 0, item_id: 'b', delta: 'Hi there' },
      { type: 'response.output_item.added', output_index: 1, item: { ...call, arguments: '' } },
      { type: 'response.output_item.done', output_index: 1, item: call },
      { type: 'response.output_item.done', output_index: 0, item: message },
    ];
    expect(partsOf([...events, completed([call, message])])).toMatchObject({ parts: told, ended: 2 });
  });

  it("tells the calls of the provider's own tools once, with all that happens to them", () => {
    const search = { type: 'web_search_call', id: 'ws_1', status: 'in_progress' };
    const { losses } = readStream(
      [
        { type: 'response.output_item.added', output_index: 0, item: search },
        { type: 'response.web_search_call.searching', output_index: 0, item_id: 'ws_1' },
        { type: 'response.output_item.done', output_index: 0, item: search },
        { type: 'response.solar_flare' },
      ].map((data) => ({ data })),
    );
    expect(losses.list().map(({ at }) => at)).toEqual(['output.0', 'response.solar_flare']);
  });
});

/** The SDK adds members of its own: `parsed` and `parsed_arguments`. */
function itemsIn(response: JsonObject): unknown {
  return JSON.parse(
    JSON.stringify(response['output'], (key, value: unknown) => (key.startsWith('parsed') ? undefined : value)),
  );
}
