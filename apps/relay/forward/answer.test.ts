import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import type { Dispatcher } from 'undici';
import { Estimator } from '../estimate/estimator.js';
import { Answer, CLIENT_STALL_MS } from './answer.js';

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

const source = { provider: 'openai', api: 'openai-chat', requestedModel: 'gpt-4o' } as const;
const options = {
  source,
  estimator: new Estimator(),
  requestId: 'req_1',
  hideUsage: false,
  replaceable: false,
  answered: () => undefined,
  timeouts: { firstByteMs: 600_000 },
};
const upstream = () => {
  const controller = {
    paused: false,
    pause: () => (controller.paused = true),
    resume: () => (controller.paused = false),
  };
  return controller as typeof controller & Dispatcher.DispatchController;
};

describe('an answer that waits behind another on its connection', () => {
  it('is drained when nobody has taken of it for as long as a client may stall', async () => {
    const controller = upstream();
    const answer = new Answer(options, new ServerResponse(new IncomingMessage(new Socket())));
    answer.onRequestStart(controller);
    answer.onResponseStart(controller, 200, { 'content-type': 'application/json' });
    for (let i = 0; i < 3; i += 1) answer.onResponseData(controller, Buffer.alloc(1024 * 1024));
    expect(controller.paused).toBe(true);
    jest.advanceTimersByTime(CLIENT_STALL_MS);
    expect(controller.paused).toBe(false);
    answer.onResponseEnd();
    expect(await answer.ended).toMatchObject({ clientLeft: true });
  });

  it('leaves no listener on a connection that goes on', async () => {
    const socket = new Socket();
    const controller = upstream();
    const before = socket.listenerCount('close');
    const answer = new Answer(options, new ServerResponse(new IncomingMessage(socket)));
    expect(socket.listenerCount('close')).toBe(before + 1);
    answer.onRequestStart(controller);
    answer.onResponseEnd();
    await answer.ended;
    expect(socket.listenerCount('close')).toBe(before);
  });
});

describe('a stream whose upstream states its length', () => {
  it('has no end for the client before it is settled', async () => {
    const controller = upstream();
    const response = new ServerResponse(new IncomingMessage(new Socket()));
    const writeHead = jest.spyOn(response, 'writeHead');
    const answer = new Answer(options, response);
    answer.onRequestStart(controller);
    answer.onResponseStart(controller, 200, { 'content-type': 'text/event-stream', 'content-length': '14' });
    answer.onResponseData(controller, Buffer.from('data: [DONE]\n\n'));
    answer.onResponseEnd();
    await answer.ended;
    expect(writeHead).toHaveBeenCalledWith(200, {
      'content-type': 'text/event-stream',
      'x-request-id': options.requestId,
    });
    expect(response.writableEnded).toBe(false);
    expect(answer.finish()).toBe(true);
    expect(response.writableEnded).toBe(true);
  });
});
