import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { JsonObject } from '#usage/json.js';
import type { ChatRequest, Setting } from '../chat/chat-request.js';
import { InvalidBody } from '../chat/members.js';
import { meaning, readWith, requests, target } from './openai-responses.fixture.js';
import { openaiResponses } from './openai-responses.js';
import { readRequest } from './read-request.js';
import { writeRequest } from './write-request.js';

const { settingNames } = openaiResponses;
const read = (body: JsonObject) => readWith({ model: 'gpt-5', input: 'Hi', ...body }, readRequest);
const messagesOf = (input: unknown) => meaning(read({ input }).value.messages);
const lossesOf = (body: JsonObject) =>
  read(body)
    .losses.list()
    .map(({ at, weight }) => `${weight} ${at}`);
const userTurn = { role: 'user', at: '', parts: [{ kind: 'text', at: '', text: 'Hi' }] } as const;
const request: ChatRequest = { instructions: [], messages: [userTurn], tools: [], settings: {} };

function write(changed: Partial<ChatRequest>): { body: JsonObject; losses: string[] } {
  const to = target();
  const body = writeRequest({ ...request, ...changed }, to);
  return { body, losses: to.losses.list().map(({ at, weight }) => `${weight} ${at}`) };
}

describe('a request of OpenAI responses', () => {
  it('is read as it was written, without a loss', () => {
    fc.assert(
      fc.property(requests, (one) => {
        const to = target();
        const { value, losses } = readWith(writeRequest(one, to), readRequest);
        expect(meaning(value)).toEqual(meaning(one));
        expect([...to.losses.list(), ...losses.list()]).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  it('may be a string, or messages without a type', () => {
    const said = [{ role: 'user', parts: [{ kind: 'text', text: 'Hi' }] }];
    expect(messagesOf('Hi')).toEqual(said);
    expect(messagesOf([{ role: 'user', content: 'Hi' }])).toEqual(said);
    expect(messagesOf([{ role: 'user', content: [{ type: 'input_text', text: 'Hi' }] }])).toEqual(said);
  });

  it('has its system prompt in instructions and in leading messages', () => {
    const { value } = read({
      instructions: 'Be terse.',
      input: [
        { role: 'developer', content: 'Be kind.' },
        { role: 'user', content: 'Hi' },
        { role: 'system', content: 'Be quick.' },
      ],
    });
    expect(value.instructions.map(({ text }) => text)).toEqual(['Be terse.', 'Be kind.']);
    expect(value.messages.map(({ role }) => role)).toEqual(['user', 'system']);
  });

  it('reads the items of one turn as one message, and tool calls by their call_id', () => {
    const input = [
      { role: 'user', content: 'Weather?' },
      {
        type: 'reasoning',
        id: 'rs_1',
        summary: [{ type: 'summary_text', text: 'Look it up.' }],
        encrypted_content: 'gAAA',
      },
      {
        type: 'message',
        id: 'msg_1',
        status: 'completed',
        role: 'assistant',
        content: [{ type: 'output_text', text: 'One moment.', annotations: [], logprobs: [] }],
      },
      { type: 'function_call', id: 'fc_1', call_id: 'call_1', name: 'weather', arguments: '{}', status: 'completed' },
      { type: 'function_call', id: 'fc_2', call_id: 'call_2', name: 'time', arguments: '{}', status: 'completed' },
      { type: 'function_call_output', call_id: 'call_1', output: 'Rain' },
      { type: 'function_call_output', call_id: 'call_2', output: [{ type: 'input_text', text: 'Noon' }] },
    ];
    expect(read({ input }).losses.list()).toEqual([]);
    expect(messagesOf(input)).toEqual([
      { role: 'user', parts: [{ kind: 'text', text: 'Weather?' }] },
      {
        role: 'assistant',
        parts: [
          { kind: 'reasoning', id: 'rs_1', text: 'Look it up.', isSummary: true, signature: 'gAAA' },
          { kind: 'text', text: 'One moment.' },
          { kind: 'tool-call', id: 'call_1', name: 'weather', arguments: '{}' },
          { kind: 'tool-call', id: 'call_2', name: 'time', arguments: '{}' },
        ],
      },
      {
        role: 'tool',
        parts: [
          { kind: 'tool-result', callId: 'call_1', parts: [{ kind: 'text', text: 'Rain' }] },
          { kind: 'tool-result', callId: 'call_2', parts: [{ kind: 'text', text: 'Noon' }] },
        ],
      },
    ]);
  });

  it('has images and files as bytes, behind URLs and uploaded', () => {
    const content = [
      { type: 'input_image', detail: 'auto', image_url: 'data:image/png;base64,AAAA' },
      { type: 'input_image', image_url: 'https://example.com/a.png', detail: 'low' },
      { type: 'input_file', file_id: 'file-1' },
      { type: 'input_file', filename: 'a.csv', file_data: 'AAAA' },
      { type: 'input_file', filename: 'a.pdf', file_data: 'data:application/pdf;base64,AAAA' },
      { type: 'input_file', file_url: 'https://example.com/a.pdf' },
    ];
    expect(messagesOf([{ role: 'user', content }])).toEqual([
      {
        role: 'user',
        parts: [
          { kind: 'image', source: { from: 'bytes', mediaType: 'image/png', base64: 'AAAA' } },
          { kind: 'image', source: { from: 'url', url: 'https://example.com/a.png' }, detail: 'low' },
          { kind: 'file', source: { from: 'upload', id: 'file-1' } },
          { kind: 'file', name: 'a.csv', source: { from: 'bytes', mediaType: 'text/csv', base64: 'AAAA' } },
          { kind: 'file', name: 'a.pdf', source: { from: 'bytes', mediaType: 'application/pdf', base64: 'AAAA' } },
          { kind: 'file', source: { from: 'url', url: 'https://example.com/a.pdf' } },
        ],
      },
    ]);
  });

  it('loses what only OpenAI has, each with its place', () => {
    const input = [
      { role: 'user', content: [{ type: 'input_hologram' }] },
      { type: 'item_reference', id: 'msg_1' },
      { id: 'msg_2' },
      { type: 'reasoning', id: 'rs_1', summary: [] },
      { type: 'web_search_call', id: 'ws_1', status: 'completed', action: { type: 'search', query: 'x' } },
      { type: 'computer_call_output', call_id: 'c', output: {} },
    ];
    const tools = [{ type: 'web_search' }, { type: 'mcp', server_label: 'x' }, { type: 'custom', name: 'x' }];
    expect(lossesOf({ input, tools, previous_response_id: 'resp_1', background: true, frobnicate: 1 })).toEqual(
      [
        'input.1',
        'input.2',
        'input.3',
        'input.4',
        'input.5',
        'input.0.content.0',
        'tools.0',
        'tools.1',
        'tools.2',
        'previous_response_id',
        'background',
        'frobnicate',
      ].map((at) => `meaning ${at}`),
    );
  });

  it('loses its stored context even without an input of its own', () => {
    expect(lossesOf({ input: undefined, prompt: { id: 'pmpt_1' } })).toEqual(['meaning prompt']);
  });

  it('tells labels and caching as hints, and defaults not at all', () => {
    expect(
      lossesOf({
        store: true,
        truncation: 'auto',
        prompt_cache_key: 'a',
        safety_identifier: 'b',
        include: ['reasoning.encrypted_content', 'file_search_call.results'],
      }),
    ).toEqual(['include', 'store', 'truncation', 'safety_identifier', 'prompt_cache_key'].map((at) => `hint ${at}`));
    const usual = { store: false, background: false, truncation: 'disabled', metadata: {}, top_logprobs: 0 };
    expect(lossesOf({ ...usual, text: { format: { type: 'text' } }, previous_response_id: null })).toEqual([]);
  });

  it('reads its settings', () => {
    const { value } = read({
      max_output_tokens: 100,
      include: ['message.output_text.logprobs'],
      top_logprobs: 3,
      text: { format: { type: 'json_schema', name: 'x', schema: { type: 'object' }, strict: true }, verbosity: 'low' },
      reasoning: { effort: 'high', summary: 'auto' },
      tool_choice: { type: 'allowed_tools', mode: 'auto', tools: [{ type: 'function', name: 'f' }] },
      parallel_tool_calls: false,
    });
    expect(value.settings).toEqual({
      maxOutputTokens: 100,
      logprobs: { top: 3 },
      output: { kind: 'json-schema', name: 'x', schema: { type: 'object' }, strict: true },
      verbosity: 'low',
      reasoning: { effort: 'high', shown: 'auto' },
      toolChoice: { kind: 'allowed', names: ['f'], mode: 'auto' },
      parallelToolCalls: false,
    });
  });

  it('has strict functions unless it says otherwise or the schema cannot be', () => {
    const closed = { type: 'object', properties: { a: {} }, required: ['a'], additionalProperties: false };
    const open = { type: 'object', properties: { a: {} } };
    const tools = [closed, open].flatMap((parameters) =>
      [undefined, null, true, false].map((strict) => ({ type: 'function', name: 'f', parameters, strict })),
    );
    expect(read({ tools }).value.tools.map(({ strict }) => strict)).toEqual([
      ...[true, true, true, false],
      ...[false, false, true, false],
    ]);
    expect(write({ tools: [{ at: '', name: 'f' }] }).body['tools']).toMatchObject([{ strict: false }]);
  });

  it.each([
    ['input', { input: undefined }],
    ['input', { input: 7 }],
    ['input.0', { input: ['Hi'] }],
    ['input.0.type', { input: [{ content: 'Hi' }] }],
    ['input.0.role', { input: [{ role: 'tool', content: 'Hi' }] }],
    ['input.0.content', { input: [{ role: 'user' }] }],
    ['input.0.content.0.text', { input: [{ role: 'user', content: [{ type: 'input_text' }] }] }],
    ['input.0.content.0.image_url', { input: [{ role: 'user', content: [{ type: 'input_image' }] }] }],
    ['input.0.call_id', { input: [{ type: 'function_call_output', output: '' }] }],
    ['input.0.output', { input: [{ type: 'function_call_output', call_id: 'a' }] }],
    ['input.0.name', { input: [{ type: 'function_call', call_id: 'a', arguments: '' }] }],
    ['input.0.summary.0', { input: [{ type: 'reasoning', summary: ['thought'] }] }],
    ['tools.0.name', { tools: [{ type: 'function', function: { name: 'f' } }] }],
    ['tool_choice', { tool_choice: 'any' }],
    ['text.format.type', { text: { format: { type: 'xml' } } }],
    ['reasoning.effort', { reasoning: { effort: 'huge' } }],
    ['metadata', { metadata: { a: 1 } }],
    ['instructions', { instructions: ['a'] }],
    ['max_output_tokens', { max_output_tokens: '10' }],
  ])('is refused by the name of what is malformed: %s', (at, body) => {
    const refused = expect.objectContaining({ at }) as unknown;
    let thrown: unknown;
    try {
      read(body);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(InvalidBody);
    expect(thrown).toEqual(refused);
  });

  it('never fails otherwise than by saying what is malformed', () => {
    fc.assert(
      fc.property(
        fc.json(),
        fc.constantFrom('input', 'tools', 'text', 'tool_choice', 'reasoning', 'include'),
        (json, name) => {
          try {
            read({ [name]: JSON.parse(json) as unknown });
          } catch (error) {
            expect(error).toBeInstanceOf(InvalidBody);
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe('a request written for OpenAI responses', () => {
  it('asks that nothing is stored, and for encrypted thoughts where it asks for thoughts', () => {
    expect(write({}).body).toEqual({
      model: 'gpt-5',
      input: [{ type: 'message', role: 'user', content: [{ type: 'input_text', text: 'Hi' }] }],
      store: false,
    });
    const { body } = write({ settings: { reasoning: { budgetTokens: 8192, shown: true }, logprobs: { top: 2 } } });
    expect(body).toMatchObject({
      reasoning: { effort: 'medium', summary: 'auto' },
      top_logprobs: 2,
      include: ['message.output_text.logprobs', 'reasoning.encrypted_content'],
    });
  });

  it('tells every setting that it cannot say, by the name that the client used', () => {
    const settings = {
      topK: 1,
      stop: ['x'],
      seed: 1,
      frequencyPenalty: 1,
      presencePenalty: 1,
      candidates: 2,
    } as const;
    expect(write({ settings }).losses).toEqual(
      (Object.keys(settings) as Setting[]).map((name) => `meaning ${settingNames[name]}`),
    );
    expect(write({ settings: { serviceTier: 'turbo', candidates: 1 } }).losses).toEqual(['hint service_tier']);
  });

  it('tells every part that it cannot say', () => {
    const bytes = { from: 'bytes', mediaType: 'audio/wav', base64: 'AAAA' } as const;
    const { losses } = write({
      messages: [
        {
          role: 'user',
          at: 'm.0',
          name: 'Ann',
          parts: [
            { kind: 'audio', at: 'm.0.audio', source: bytes },
            { kind: 'file', at: 'm.0.upload', source: { from: 'upload', id: 'files/abc' } },
            { kind: 'image', at: 'm.0.bucket', source: { from: 'url', url: 'gs://bucket/a.png' } },
            { kind: 'text', at: 'm.0.cached', text: 'Hi', cache: '5m' },
          ],
        },
        {
          role: 'assistant',
          at: 'm.1',
          parts: [{ kind: 'tool-call', at: 'm.1.call', id: 'a', name: 'f', arguments: '{}', signature: 's' }],
        },
        {
          role: 'tool',
          at: 'm.2',
          parts: [{ kind: 'tool-result', at: 'm.2.result', callId: 'a', parts: [], isError: true }],
        },
      ],
    });
    expect(losses).toEqual([
      'meaning m.0.name',
      'meaning m.0.audio',
      'meaning m.0.upload',
      'meaning m.0.bucket',
      'hint m.0.cached',
      'hint m.1.call',
      'hint m.2.result',
    ]);
  });
});
