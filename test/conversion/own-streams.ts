import type { ChatApi } from '#protocols/chat/chat-api.js';
import type { SdkAnswer } from './sdk-answer.js';

interface OwnStream {
  readonly name: string;
  readonly body: string;
  readonly answer: SdkAnswer;
}

const data = (...messages: readonly unknown[]) =>
  messages.map((message) => `data: ${typeof message === 'string' ? message : JSON.stringify(message)}\n\n`).join('');
const typed = (...messages: readonly { readonly type: string }[]) =>
  messages.map((message) => `event: ${message.type}\ndata: ${JSON.stringify(message)}\n\n`).join('');

const text: SdkAnswer = { text: 'Grüße, 世界!', toolCalls: [], stop: 'end' };
const calls: SdkAnswer = {
  text: 'Let me look.',
  toolCalls: [
    { name: 'weather', input: { city: 'Zürich', days: 3 } },
    { name: 'clock', input: {} },
  ],
  stop: 'tool-calls',
};
const cutOff: SdkAnswer = { text: 'It was a dark and', toolCalls: [], stop: 'length' };

const chunk = (delta: object, finish_reason: string | null = null) => ({
  id: 'chatcmpl-1',
  object: 'chat.completion.chunk',
  created: 1_790_000_000,
  model: 'a-model',
  choices: [{ index: 0, delta, finish_reason }],
});
const chatUsage = { ...chunk({}), choices: [], usage: { prompt_tokens: 9, completion_tokens: 5, total_tokens: 14 } };

const openaiChat: OwnStream[] = [
  {
    name: 'text',
    answer: text,
    body: data(
      chunk({ role: 'assistant', content: '' }),
      chunk({ content: 'Grüße, ' }),
      chunk({ content: '世界!' }),
      chunk({}, 'stop'),
      chatUsage,
      '[DONE]',
    ),
  },
  {
    name: 'parallel tool calls',
    answer: calls,
    body: data(
      chunk({ role: 'assistant', content: 'Let me look.' }),
      chunk({
        tool_calls: [{ index: 0, id: 'call_1', type: 'function', function: { name: 'weather', arguments: '' } }],
      }),
      chunk({ tool_calls: [{ index: 0, function: { arguments: '{"city":"Zür' } }] }),
      chunk({ tool_calls: [{ index: 0, function: { arguments: 'ich","days":3}' } }] }),
      chunk({
        tool_calls: [{ index: 1, id: 'call_2', type: 'function', function: { name: 'clock', arguments: '{}' } }],
      }),
      chunk({}, 'tool_calls'),
      chatUsage,
      '[DONE]',
    ),
  },
  {
    name: 'a cut off end',
    answer: cutOff,
    body: data(
      chunk({ role: 'assistant', content: 'It was a dark' }),
      chunk({ content: ' and' }),
      chunk({}, 'length'),
      '[DONE]',
    ),
  },
];

const block = (index: number, content_block: object, ...deltas: readonly object[]) => [
  { type: 'content_block_start', index, content_block },
  ...deltas.map((delta) => ({ type: 'content_block_delta', index, delta })),
  { type: 'content_block_stop', index },
];
const textBlock = (index: number, ...pieces: readonly string[]) =>
  block(index, { type: 'text', text: '' }, ...pieces.map((piece) => ({ type: 'text_delta', text: piece })));
const message = (stop_reason: string, ...blocks: readonly { readonly type: string }[]) =>
  typed(
    {
      type: 'message_start',
      message: {
        id: 'msg_1',
        type: 'message',
        role: 'assistant',
        model: 'a-model',
        content: [],
        stop_reason: null,
        stop_sequence: null,
        usage: { input_tokens: 9, output_tokens: 1 },
      },
    } as { type: string },
    { type: 'ping' },
    ...blocks,
    { type: 'message_delta', delta: { stop_reason, stop_sequence: null }, usage: { output_tokens: 5 } } as {
      type: string;
    },
    { type: 'message_stop' },
  );

const anthropic: OwnStream[] = [
  { name: 'text', answer: text, body: message('end_turn', ...textBlock(0, 'Grüße, ', '世界!')) },
  {
    name: 'thinking and parallel tool calls',
    answer: calls,
    body: message(
      'tool_use',
      ...block(
        0,
        { type: 'thinking', thinking: '', signature: '' },
        { type: 'thinking_delta', thinking: 'Hm.' },
        { type: 'signature_delta', signature: 'c2lnbmVk' },
      ),
      ...textBlock(1, 'Let me', ' look.'),
      ...block(
        2,
        { type: 'tool_use', id: 'toolu_1', name: 'weather', input: {} },
        { type: 'input_json_delta', partial_json: '' },
        { type: 'input_json_delta', partial_json: '{"city": "Zür' },
        { type: 'input_json_delta', partial_json: 'ich", "days": 3}' },
      ),
      ...block(3, { type: 'tool_use', id: 'toolu_2', name: 'clock', input: {} }),
    ),
  },
  { name: 'a cut off end', answer: cutOff, body: message('max_tokens', ...textBlock(0, 'It was a dark', ' and')) },
];

const geminiChunk = (parts: readonly object[], finishReason?: string) => ({
  candidates: [{ content: { role: 'model', parts }, index: 0, ...(finishReason !== undefined && { finishReason }) }],
  usageMetadata: { promptTokenCount: 9, candidatesTokenCount: 5, totalTokenCount: 14 },
  modelVersion: 'a-model',
  responseId: 'r1',
});

const gemini: OwnStream[] = [
  {
    name: 'text',
    answer: text,
    body: data(geminiChunk([{ text: 'Grüße, ' }]), geminiChunk([{ text: '世界!' }], 'STOP')),
  },
  {
    name: 'thinking and parallel tool calls',
    answer: calls,
    body: data(
      geminiChunk([{ text: 'Hm.', thought: true }]),
      geminiChunk([{ text: 'Let me look.' }]),
      geminiChunk([
        { functionCall: { name: 'weather', args: { city: 'Zürich', days: 3 } }, thoughtSignature: 'c2lnbmVk' },
        { functionCall: { name: 'clock', args: {} } },
      ]),
      geminiChunk([{ text: '' }], 'STOP'),
    ),
  },
  { name: 'a cut off end', answer: cutOff, body: data(geminiChunk([{ text: 'It was a dark and' }], 'MAX_TOKENS')) },
];

const response = (status: string, output: readonly object[], rest: object = {}) => ({
  id: 'resp_1',
  object: 'response',
  created_at: 1_790_000_000,
  model: 'a-model',
  status,
  output,
  error: null,
  incomplete_details: null,
  parallel_tool_calls: true,
  tools: [],
  ...rest,
});
const done = { usage: { input_tokens: 9, output_tokens: 5, total_tokens: 14 } };
const outputText = (words: string) => ({ type: 'output_text', text: words, annotations: [] });
const outputMessage = (status: string, content: readonly object[]) => ({
  type: 'message',
  id: 'msg_1',
  role: 'assistant',
  status,
  content,
});

function messageEvents(...pieces: readonly string[]) {
  const at = { item_id: 'msg_1', output_index: 0, content_index: 0 };
  const whole = pieces.join('');
  return [
    { type: 'response.output_item.added', output_index: 0, item: outputMessage('in_progress', []) },
    { type: 'response.content_part.added', ...at, part: outputText('') },
    ...pieces.map((delta) => ({ type: 'response.output_text.delta', ...at, delta })),
    { type: 'response.output_text.done', ...at, text: whole },
    { type: 'response.content_part.done', ...at, part: outputText(whole) },
    { type: 'response.output_item.done', output_index: 0, item: outputMessage('completed', [outputText(whole)]) },
  ];
}

const functionCall = (n: number, name: string, json: string, status = 'completed') => ({
  type: 'function_call',
  id: `fc_${n}`,
  call_id: `call_${n}`,
  name,
  arguments: json,
  status,
});

function callEvents(n: number, name: string, ...pieces: readonly string[]) {
  const at = { item_id: `fc_${n}`, output_index: n };
  const whole = pieces.join('');
  return [
    { type: 'response.output_item.added', output_index: n, item: functionCall(n, name, '', 'in_progress') },
    ...pieces.map((delta) => ({ type: 'response.function_call_arguments.delta', ...at, delta })),
    { type: 'response.function_call_arguments.done', ...at, arguments: whole },
    { type: 'response.output_item.done', output_index: n, item: functionCall(n, name, whole) },
  ];
}

const responseEvents = (events: readonly { readonly type: string }[], end: { readonly type: string }) =>
  typed(
    ...[{ type: 'response.created', response: response('in_progress', []) }, ...events, end].map((event, index) => ({
      ...event,
      sequence_number: index,
    })),
  );

const openaiResponses: OwnStream[] = [
  {
    name: 'text',
    answer: text,
    body: responseEvents(messageEvents('Grüße, ', '世界!'), {
      type: 'response.completed',
      response: response('completed', [outputMessage('completed', [outputText('Grüße, 世界!')])], done),
    } as { type: string }),
  },
  {
    name: 'parallel tool calls',
    answer: calls,
    body: responseEvents(
      [
        ...messageEvents('Let me look.'),
        ...callEvents(1, 'weather', '{"city":"Zür', 'ich","days":3}'),
        ...callEvents(2, 'clock', '{}'),
      ],
      {
        type: 'response.completed',
        response: response(
          'completed',
          [
            outputMessage('completed', [outputText('Let me look.')]),
            functionCall(1, 'weather', '{"city":"Zürich","days":3}'),
            functionCall(2, 'clock', '{}'),
          ],
          done,
        ),
      } as { type: string },
    ),
  },
  {
    name: 'a cut off end',
    answer: cutOff,
    body: responseEvents(messageEvents('It was a dark', ' and'), {
      type: 'response.incomplete',
      response: response('incomplete', [outputMessage('incomplete', [outputText('It was a dark and')])], {
        ...done,
        incomplete_details: { reason: 'max_output_tokens' },
      }),
    } as { type: string }),
  },
];

/** Small streams of each protocol, written by its documentation, with what a client gets out of them. */
export const streams: Readonly<Record<ChatApi, readonly OwnStream[]>> = {
  'openai-chat': openaiChat,
  'openai-responses': openaiResponses,
  'anthropic-messages': anthropic,
  gemini,
};
