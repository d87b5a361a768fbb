import { describe, expect, it } from '@jest/globals';
import type { IncomingMessage } from 'node:http';
import { gzipSync } from 'node:zlib';
import { Refusal } from '#protocols/error-body.js';
import type { ChatApi } from '#protocols/chat/chat-api.js';
import { findOperation } from '../operations/find-operation.js';
import { convertedStream, convertWhole } from './convert-answer.js';
import { convertCall } from './convert-call.js';

const messages = [{ role: 'user', content: 'Hi' }];
const anthropic = { api: 'anthropic-messages', provider: 'anthropic', model: 'claude-upstream' } as const;

interface Asked {
  readonly path?: string;
  readonly to?: { api: ChatApi; provider: string; model: string };
  readonly headers?: Record<string, string>;
}

function convert(json: object, { path = '/v1/chat/completions', to = anthropic, headers = {} }: Asked = {}) {
  const found = findOperation('POST', path.split('?')[0]!);
  if (found instanceof Refusal) throw new Error(found.message);
  const call = { operation: found.operation, model: 'claude', stream: found.operation.stream === 'always' };
  const request = { headers, url: path } as unknown as IncomingMessage;
  const context = { request, requestId: 'req_1', now: new Date(1_790_000_000_500) };
  return convertCall({ ...call, body: Buffer.alloc(0), json: json as Record<string, unknown> }, to, context);
}

function converted(...asked: Parameters<typeof convert>) {
  const call = convert(...asked);
  if (call instanceof Refusal) throw new Error(call.message);
  return call;
}

describe('a call in another protocol', () => {
  it('asks for the upstream’s model, and tells of the client’s', () => {
    const call = converted({ model: 'claude', messages, max_tokens: 5 });
    expect(JSON.parse(call.body.toString())).toEqual(call.json);
    expect(call.json).toMatchObject({ model: 'claude-upstream', max_tokens: 5 });
    expect(call.back).toMatchObject({ from: 'anthropic-messages', to: 'openai-chat', model: 'claude', id: 'req_1' });
    expect(call.back.now).toBe(1_790_000_000);
  });

  it('is refused by the name of what it cannot say, unless the client allows it to be dropped', () => {
    const asked = { model: 'claude', messages, max_tokens: 5, seed: 7 };
    expect(convert(asked)).toMatchObject({ code: 'invalid_request', param: 'seed' });
    const call = converted(asked, { headers: { 'x-tollgate-allow-drops': 'true' } });
    expect(call.losses).toMatchObject([{ at: 'seed' }]);
  });

  it('asks OpenAI’s stream for its usage, and keeps that from a client that did not', () => {
    const streamed = { model: 'claude', messages, max_tokens: 5, stream: true };
    expect(converted(streamed).back.includeUsage).toBe(false);
    expect(converted({ ...streamed, stream_options: { include_usage: true } }).back.includeUsage).toBe(true);
    const openai = { api: 'openai-chat', provider: 'openai', model: 'gpt' } as const;
    const call = converted(streamed, { path: '/v1/messages', to: openai });
    expect(call.json).toMatchObject({ stream: true, stream_options: { include_usage: true } });
    expect(call.back.includeUsage).toBe(true);
  });

  it('is none where only its own API has such a thing', () => {
    const openai = { api: 'openai-chat', provider: 'openai', model: 'gpt' } as const;
    expect(convert({ messages }, { path: '/v1/messages/count_tokens', to: openai })).toMatchObject({ param: 'model' });
  });

  it('of Gemini streams server-sent events alone', () => {
    const asked = { contents: [{ role: 'user', parts: [{ text: 'Hi' }] }] };
    const path = '/v1beta/models/claude:streamGenerateContent';
    expect(convert(asked, { path })).toMatchObject({ param: 'alt' });
    const call = converted(asked, { path: `${path}?key=k&alt=sse` });
    expect(call.json).toMatchObject({ model: 'claude-upstream', stream: true });
  });
});

describe('a converted answer', () => {
  const way = converted({ model: 'claude', messages, max_tokens: 5 });
  const answer = {
    ...{ id: 'msg_1', type: 'message', role: 'assistant', model: 'claude-1', stop_reason: 'end_turn' },
    content: [{ type: 'text', text: 'Good day' }],
    usage: { input_tokens: 12, output_tokens: 7 },
  };
  const whole = (body: Buffer | object, status = 200, losses = way.losses) => {
    const bytes = Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body));
    const { body: written, ...head } = convertWhole([bytes.subarray(0, 9), bytes.subarray(9)], status, {
      ...way,
      losses,
    });
    return { ...head, body: JSON.parse(written.toString()) as unknown };
  };

  it('is told in the client’s protocol, also when it came compressed', () => {
    const expected = {
      status: 200,
      body: { choices: [{ message: { content: 'Good day' } }], usage: { total_tokens: 19 } },
    };
    expect(whole(answer)).toMatchObject(expected);
    expect(whole(gzipSync(JSON.stringify(answer)))).toMatchObject(expected);
  });

  it('names in a header what the request lost', () => {
    expect(whole(answer).headers).toEqual({});
    const losses = [{ at: 'seed', reason: 'r', weight: 'meaning' as const }];
    expect(whole(answer, 200, losses).headers).toEqual({ 'x-tollgate-dropped': 'seed' });
  });

  it('that is an error keeps its status, and one that calls itself a success does not', () => {
    const error = { type: 'error', error: { type: 'overloaded_error', message: 'Busy' } };
    expect(whole(error, 529)).toMatchObject({ status: 529, body: { error: { message: 'Busy' } } });
    expect(whole(error, 200)).toMatchObject({ status: 503, body: { error: { message: 'Busy' } } });
    expect(whole(Buffer.from('<html>'), 502)).toMatchObject({
      status: 502,
      body: { error: { code: 'upstream_unreachable' } },
    });
    expect(whole(Buffer.from('<html>'))).toMatchObject({ status: 502 });
  });

  it('comes event by event, and without an end where the upstream gave none', () => {
    const stream = convertedStream(way);
    const event = (data: { type: string }) => Buffer.from(`event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`);
    const events = [
      { type: 'message_start', message: { ...answer, content: [], stop_reason: null } },
      { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
      { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Good' } },
    ].map((one) => stream.push(event(one)).toString());
    expect(events.at(-1)).toContain('"content":"Good"');
    expect(stream.end().toString()).not.toContain('[DONE]');
    expect(stream.lost()).toEqual([]);
  });
});
