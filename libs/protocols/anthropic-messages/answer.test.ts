import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '#usage/json.js';
import { errorStatus, type ChatEvent, type ErrorKind } from '../chat/chat-answer.js';
import type { AssistantPart } from '../chat/chat-request.js';
import { InvalidBody } from '../chat/members.js';
import { anthropicMessages } from './anthropic-messages.js';
import { answerOf, readAll, reading, target } from './anthropic-messages.fixture.js';

const readAnswer = (message: JsonObject) =>
  reading((one) => anthropicMessages.readAnswer(one.open({ type: 'message', role: 'assistant', ...message })));
const writeAnswer = (parts: readonly AssistantPart[], to = target()) =>
  anthropicMessages.writeAnswer({ choices: [{ index: 0, parts, stop: { reason: 'end' } }] }, to);
const readEvents = (...events: readonly JsonObject[]) =>
  reading((one) =>
    readAll(
      anthropicMessages.streamReader(one),
      events.map((data) => ({ data })),
    ),
  );
const writeEvents = (...events: readonly ChatEvent[]) => {
  const writer = anthropicMessages.streamWriter(target());
  return events.flatMap((event) => writer.write(event)).map(({ data }) => data as JsonObject);
};

describe('an answer', () => {
  it('cites the web; what cites a document is a loss', () => {
    const { value, losses } = readAnswer({
      content: [
        {
          type: 'text',
          text: 'So.',
          citations: [
            {
              type: 'web_search_result_location',
              url: 'https://a.example',
              title: 'A',
              cited_text: 'x',
              encrypted_index: 'y',
            },
            { type: 'page_location', cited_text: 'x', document_index: 0 },
          ],
        },
      ],
    });
    expect(value.choices[0]?.parts).toMatchObject([
      { text: 'So.', citations: [{ url: 'https://a.example', title: 'A' }] },
    ]);
    expect(losses.list().filter(({ weight }) => weight === 'meaning')).toMatchObject([{ at: 'content.0.citations.1' }]);
  });

  it('tells a refusal as text, and by the reason why it stopped', () => {
    const refusal: AssistantPart = { kind: 'refusal', at: '', text: 'I cannot help with that.' };
    expect(writeAnswer([refusal])).toMatchObject({
      content: [{ type: 'text', text: 'I cannot help with that.' }],
      stop_reason: 'refusal',
    });
  });

  it('has every member that the SDK knows, and names itself where the source does not', () => {
    const to = target();
    expect(writeAnswer([], to)).toMatchObject({
      id: 'msg_target',
      type: 'message',
      role: 'assistant',
      model: 'claude-opus-4-6',
      container: null,
      diagnostics: null,
      stop_sequence: null,
      stop_details: null,
      usage: { input_tokens: 0, output_tokens: 0 },
    });
    expect(to.losses.list()).toMatchObject([{ at: 'usage', weight: 'hint' }]);
  });

  it('loses images, probabilities, and all choices but the first', () => {
    const to = target();
    const image: AssistantPart = { kind: 'image', at: 'i', source: { from: 'url', url: 'https://a.example' } };
    const text: AssistantPart = { kind: 'text', at: 't', text: 'Hi', logprobs: [{ token: 'Hi', logprob: 0 }] };
    const choice = { index: 0, parts: [image, text] };
    anthropicMessages.writeAnswer({ choices: [choice, { ...choice, index: 1 }] }, to);
    expect(to.losses.list().map(({ at }) => at)).toEqual(expect.arrayContaining(['choices', 'i', 't.logprobs']));
  });

  it('has content', () => {
    expect(() => readAnswer({})).toThrow(InvalidBody);
  });

  it('stops for reasons that are new as if at the end, and says so', () => {
    const { value, losses } = readAnswer({ content: [], stop_reason: 'brand_new' });
    expect(value.choices[0]?.stop).toEqual({ reason: 'end' });
    expect(losses.list()).toMatchObject([{ at: 'stop_reason', weight: 'meaning' }]);
  });
});

describe('a stream', () => {
  const start = { type: 'message_start', message: { id: 'msg_1', model: 'm', content: [], usage: {} } };
  const block = (index: number, content_block: JsonObject, ...deltas: readonly JsonObject[]) => [
    { type: 'content_block_start', index, content_block },
    ...deltas.map((delta) => ({ type: 'content_block_delta', index, delta })),
    { type: 'content_block_stop', index },
  ];
  const toolUse = (input: JsonObject) => ({ type: 'tool_use', id: 'toolu_1', name: 'look', input });

  it.each<[string, JsonObject, JsonObject[], string]>([
    [
      'in pieces',
      {},
      [
        { type: 'input_json_delta', partial_json: '' },
        { type: 'input_json_delta', partial_json: '{"a":1}' },
      ],
      '{"a":1}',
    ],
    ['whole with its opening', { a: 1 }, [], '{"a":1}'],
    ['not at all', {}, [], '{}'],
  ])('has the input of a tool %s', (_, input, deltas, text) => {
    const { value } = readEvents(start, ...block(0, toolUse(input), ...deltas), { type: 'message_stop' });
    expect(answerOf(value).parts).toMatchObject([{ text, isClosed: true }]);
  });

  it('may begin twice, but not as two answers', () => {
    expect(readEvents(start, start).value).toHaveLength(1);
    const other = { ...start, message: { ...start.message, id: 'msg_2' } };
    expect(() => readEvents(start, other)).toThrow(InvalidBody);
  });

  it("numbers its parts without the provider's own tools", () => {
    const { value, losses } = readEvents(
      start,
      ...block(
        0,
        { type: 'server_tool_use', id: 's', name: 'web_search', input: {} },
        { type: 'input_json_delta', partial_json: '{}' },
      ),
      ...block(1, { type: 'text', text: '', citations: [] }, { type: 'text_delta', text: 'Hi' }),
      { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 1 } },
      { type: 'message_stop' },
    );
    expect(answerOf(value)).toMatchObject({ parts: [{ text: 'Hi' }], stop: { reason: 'end' } });
    expect(losses.list()).toHaveLength(1);
  });

  it('tells an error of the upstream, and has no end when it breaks off', () => {
    const error = { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } };
    expect(readEvents(start, error).value.at(-1)).toEqual({
      kind: 'error',
      error: { kind: 'overloaded', message: 'Overloaded' },
    });
    const bare = { error: { type: 'rate_limit_error', message: 'Slow down.' } };
    expect(readEvents(bare).value).toMatchObject([{ kind: 'error', error: { kind: 'rate_limit' } }]);
    expect(readEvents(start).value.map(({ kind }) => kind)).toEqual(['start']);
  });

  it('carries the signature of a tool call in a thought before it', () => {
    const written = writeEvents(
      { kind: 'start' },
      { kind: 'part', choice: 0, part: 0, opens: { kind: 'tool-call', id: 'a', name: 'look', signature: 'c2ln' } },
      { kind: 'part-end', choice: 0, part: 0 },
      { kind: 'end' },
    );
    const signature = written.find(({ delta }) => (delta as JsonObject | undefined)?.['type'] === 'signature_delta');
    const content = [
      { type: 'thinking', thinking: '', signature: (signature?.['delta'] as JsonObject)['signature'] },
      toolUse({}),
    ];
    const history = { max_tokens: 1, messages: [{ role: 'assistant', content }] };
    const { value } = reading((one) => anthropicMessages.readRequest(one.open(history)));
    expect(value.messages[0]?.parts).toMatchObject([{ kind: 'tool-call', signature: 'c2ln' }]);
  });

  it('opens no block for text that never comes', () => {
    const written = writeEvents(
      { kind: 'start' },
      { kind: 'part', choice: 0, part: 0, opens: { kind: 'text' } },
      { kind: 'delta', choice: 0, part: 0, delta: { text: '' } },
      { kind: 'part-end', choice: 0, part: 0 },
      { kind: 'stop', choice: 0, stop: { reason: 'stop-sequence', sequence: 'END' } },
      { kind: 'end' },
    );
    expect(written.map(({ type }) => type)).toEqual(['message_start', 'message_delta', 'message_stop']);
    expect(written[1]).toMatchObject({ delta: { stop_reason: 'stop_sequence', stop_sequence: 'END' } });
  });
});

describe('an error', () => {
  it.each(Object.keys(errorStatus) as ErrorKind[])('of kind %s is read as it was written', (kind) => {
    const error = { kind, message: 'No.', code: 'a_code' };
    expect(anthropicMessages.readError(anthropicMessages.writeError(error, target()))).toEqual(error);
  });

  it('of a type that is not known is one of the server, and keeps its name', () => {
    const body = { type: 'error', error: { type: 'brand_new_error', message: 'No.' } };
    expect(anthropicMessages.readError(body)).toEqual({ kind: 'server', message: 'No.', code: 'brand_new_error' });
  });

  it('is no answer, and an answer is none', () => {
    expect(anthropicMessages.readError({ type: 'message', content: [] })).toBeUndefined();
  });
});
