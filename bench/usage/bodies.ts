import type { UsageApi } from '#usage/usage-api.js';

export interface Body {
  readonly events: readonly Buffer[];
  /** The JSON of each event, where it has any. */
  readonly payloads: readonly Buffer[];
}

/** A stream as its provider shapes it: the first event, one for each piece of text, the last ones. */
interface Shape {
  readonly first: readonly object[];
  readonly piece: (index: number) => object;
  readonly last: (pieces: number) => readonly object[];
  readonly frame: (event: object) => string;
  readonly end?: string;
}

const words = 'a stream of tokens that says nothing in particular and takes its time to say so'.split(' ');
const word = (index: number): string => ` ${words[index % words.length]}`;
const plain = (event: object): string => `data: ${JSON.stringify(event)}\n\n`;
const typed = (event: object): string => `event: ${(event as { type: string }).type}\n${plain(event)}`;

const chatChunk = (rest: object): object => ({
  id: 'chatcmpl-BxT3kQ0vYq2mZr8sLw5nHd7cJf1uA',
  object: 'chat.completion.chunk',
  created: 1753862400,
  model: 'gpt-4o-2024-11-20',
  service_tier: 'default',
  system_fingerprint: 'fp_44709d6fcb',
  ...rest,
});

const response = (rest: object): object => ({
  id: 'resp_68af4030592c81938ec0a5fbab4a3e9f05438e46b5f69a3b',
  object: 'response',
  created_at: 1753862400,
  model: 'gpt-5-2025-08-07',
  output: [],
  usage: null,
  ...rest,
});

export const shapes: Readonly<Partial<Record<UsageApi, Shape>>> = {
  'openai-chat': {
    first: [
      chatChunk({
        choices: [{ index: 0, delta: { role: 'assistant', content: '' }, finish_reason: null }],
        usage: null,
      }),
    ],
    piece: (index) =>
      chatChunk({
        choices: [{ index: 0, delta: { content: word(index) }, logprobs: null, finish_reason: null }],
        usage: null,
        obfuscation: 'kX2pV9',
      }),
    last: (pieces) => [
      chatChunk({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }], usage: null }),
      chatChunk({
        choices: [],
        usage: {
          prompt_tokens: 1200,
          completion_tokens: pieces,
          total_tokens: 1200 + pieces,
          prompt_tokens_details: { cached_tokens: 1024, audio_tokens: 0 },
          completion_tokens_details: { reasoning_tokens: 0, audio_tokens: 0 },
        },
      }),
    ],
    frame: plain,
    end: 'data: [DONE]\n\n',
  },
  'openai-responses': {
    first: [{ type: 'response.created', sequence_number: 0, response: response({ status: 'in_progress' }) }],
    piece: (index) => ({
      type: 'response.output_text.delta',
      sequence_number: index + 1,
      item_id: 'msg_68af4030baa48193b0b43b4c2a176a1a0e96391ec44a3191',
      output_index: 0,
      content_index: 0,
      delta: word(index),
      logprobs: [],
      obfuscation: 'Zx8Vb0',
    }),
    last: (pieces) => [
      {
        type: 'response.completed',
        sequence_number: pieces + 1,
        response: response({
          status: 'completed',
          usage: {
            input_tokens: 1200,
            input_tokens_details: { cached_tokens: 1024 },
            output_tokens: pieces,
            output_tokens_details: { reasoning_tokens: 0 },
            total_tokens: 1200 + pieces,
          },
        }),
      },
    ],
    frame: typed,
  },
  'anthropic-messages': {
    first: [
      {
        type: 'message_start',
        message: {
          id: 'msg_01Vz8kQ3pYd5tXbn2wLr7mHc',
          type: 'message',
          role: 'assistant',
          model: 'claude-sonnet-4-5-20250929',
          content: [],
          stop_reason: null,
          usage: { input_tokens: 176, cache_creation_input_tokens: 0, cache_read_input_tokens: 1024, output_tokens: 1 },
        },
      },
      { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
    ],
    piece: (index) => ({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: word(index) } }),
    last: (pieces) => [
      { type: 'content_block_stop', index: 0 },
      { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: pieces } },
      { type: 'message_stop' },
    ],
    frame: typed,
  },
  gemini: {
    first: [],
    piece: (index) => geminiChunk(index, {}),
    last: (pieces) => [geminiChunk(pieces, { finishReason: 'STOP' })],
    // Google ends its lines with CR LF.
    frame: (event) => plain(event).replaceAll('\n', '\r\n'),
  },
};

function geminiChunk(index: number, finish: object): object {
  return {
    candidates: [{ content: { parts: [{ text: word(index) }], role: 'model' }, ...finish, index: 0 }],
    usageMetadata: {
      promptTokenCount: 1200,
      candidatesTokenCount: index,
      totalTokenCount: 1200 + index,
      promptTokensDetails: [{ modality: 'TEXT', tokenCount: 1200 }],
    },
    modelVersion: 'gemini-2.5-flash',
    responseId: 'a9--aa6MOKL4vdIPz7X2iQ4',
  };
}

/** A stream of about so many bytes. */
export function makeBody({ first, piece, last, frame, end }: Shape, bytes: number): Body {
  const all: object[] = [...first];
  let length = 0;
  let pieces = 0;
  for (; length < bytes; pieces += 1) {
    const event = piece(pieces);
    all.push(event);
    length += frame(event).length;
  }
  all.push(...last(pieces));
  const events = all.map((event) => Buffer.from(frame(event)));
  if (end !== undefined) events.push(Buffer.from(end));
  return { events, payloads: all.map((event) => Buffer.from(JSON.stringify(event))) };
}

/** The same bytes in chunks of one size, as a busy connection delivers them. */
export function inChunksOf(bytes: number, events: readonly Buffer[]): Buffer[] {
  const whole = Buffer.concat(events);
  return Array.from({ length: Math.ceil(whole.length / bytes) }, (_, index) =>
    whole.subarray(index * bytes, (index + 1) * bytes),
  );
}
