import { awsChunk, awsEvent } from '#framing/aws-event-stream.fixture.js';
import type { UsageApi, UsageFormat } from './usage-api.js';

/** A small body, shaped as a provider's. */
export interface SmallBody {
  readonly api: UsageApi;
  readonly format: UsageFormat;
  readonly name: string;
  readonly bytes: Buffer;
}

const sse = (events: readonly object[], end = '\n'): string =>
  events.map((event) => `data: ${JSON.stringify(event)}${end}${end}`).join('');
const typed = (events: readonly { readonly type: string }[]): string =>
  events.map((event) => `event: ${event.type}\n${sse([event])}`).join('');

const chat = [
  { model: 'gpt-4o', choices: [{ delta: { content: 'Grüße, my "usage" is 7 tokens' } }], usage: null },
  { model: 'gpt-4o', choices: [{ delta: {}, finish_reason: 'stop' }], usage: null },
  { model: 'gpt-4o', choices: [], usage: { prompt_tokens: 9, completion_tokens: 7, total_tokens: 16 } },
];
const responses = [
  { type: 'response.created', response: { model: 'gpt-5', usage: null } },
  { type: 'response.output_text.delta', delta: ' tokens' },
  {
    type: 'response.completed',
    response: { model: 'gpt-5', usage: { input_tokens: 3, output_tokens: 4, total_tokens: 7 } },
  },
];
const messages = [
  { type: 'message_start', message: { model: 'claude', usage: { input_tokens: 30, output_tokens: 1 } } },
  { type: 'ping' },
  { type: 'content_block_delta', delta: { type: 'text_delta', text: '日本' } },
  { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 77 } },
  { type: 'message_stop' },
];
const gemini = [2, 5, 4].map((count, index) => ({
  candidates: [{ content: { parts: [{ text: 'é' }] }, ...(index === 2 && { finishReason: 'STOP' }) }],
  usageMetadata: { promptTokenCount: 8, candidatesTokenCount: count, totalTokenCount: 8 + count },
  modelVersion: 'gemini-2.5-flash',
}));
const converse = [
  { messageStart: { role: 'assistant' } },
  { contentBlockDelta: { delta: { text: 'ü' } } },
  { messageStop: { stopReason: 'end_turn' } },
  { metadata: { usage: { inputTokens: 13, outputTokens: 85, totalTokens: 98 } } },
];
const cohere = [
  { type: 'message-start', id: 'x' },
  {
    type: 'message-end',
    delta: { finish_reason: 'COMPLETE', usage: { billed_units: { input_tokens: 5, output_tokens: 6 } } },
  },
];

const lines = (events: readonly object[], end: string): string =>
  events.map((event) => JSON.stringify(event)).join(end);

/** Line ends, comments, data of several lines, and last events without their end, each somewhere. */
const texts: readonly [UsageApi, UsageFormat, string, string][] = [
  ['openai-chat', 'sse', 'LF', `${sse(chat)}data: [DONE]\n\n`],
  ['openai-chat', 'sse', 'CR and comments', `: hi\r\r${sse(chat, '\r')}: bye\rdata: [DONE]`],
  ['openai-chat', 'sse', 'broken off', sse(chat).slice(0, -30)],
  ['openai-chat', 'sse', 'an error', `${sse([chat[0]!, { error: { type: 'overloaded', message: 'x' } }])}`],
  ['openai-responses', 'sse', 'types', typed(responses)],
  ['anthropic-messages', 'sse', 'CRLF', typed(messages).replaceAll('\n', '\r\n').trimEnd()],
  ['anthropic-messages', 'sse', 'data of several lines', typed(messages).replaceAll(',"', ',\ndata: "')],
  ['gemini', 'sse', 'CRLF', sse(gemini, '\r\n')],
  ['gemini', 'sse', 'broken off', sse(gemini.slice(0, 2), '\r\n')],
  ['gemini', 'json', 'an array', JSON.stringify(gemini, null, 1)],
  ['gemini', 'lines', 'LF', lines(gemini, '\n')],
  ['openai-chat', 'lines', 'blank lines', `\n${lines(chat, '\n\n')}\n`],
  ['anthropic-messages', 'lines', 'CRLF', lines(messages, '\r\n')],
  ['bedrock-converse', 'lines', 'LF', `${lines(converse, '\n')}\n`],
  ['cohere-chat', 'sse', 'LF', sse(cohere)],
  [
    'openai-chat',
    'json',
    'an answer',
    JSON.stringify({ ...chat[2], choices: [{ message: { content: 'é' } }] }, null, 2),
  ],
  ['anthropic-messages', 'json', 'no JSON', '<html>é'],
];

export const smallBodies: readonly SmallBody[] = [
  ...texts.map(([api, format, name, text]) => ({ api, format, name, bytes: Buffer.from(text) })),
  {
    api: 'anthropic-messages',
    format: 'eventstream',
    name: 'wrapped events',
    bytes: Buffer.concat(messages.map(awsChunk)),
  },
  {
    api: 'bedrock-converse',
    format: 'eventstream',
    name: 'named events',
    bytes: Buffer.concat(
      converse.flatMap((event) => Object.entries<object>(event).map(([type, payload]) => awsEvent(type, payload))),
    ),
  },
];
