import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import type { Dispatcher } from 'undici';
import { Estimator } from '../estimate/estimator.js';
import { verdictOf } from '../settle/verdict.js';
import { Answer, CLIENT_STALL_MS, DRAIN_MAX_BYTES, HELD_FAILURE_MAX_BYTES, UpstreamTimeout } from './answer.js';

// Not what runs at the end of a turn: an answer that has ended waits for that.
beforeEach(() => void jest.useFakeTimers({ doNotFake: ['setImmediate'] }));
afterEach(() => void jest.useRealTimers());

const source = { provider: 'openai', api: 'openai-chat', requestedModel: 'gpt-4o' } as const;
const options = {
  source,
  estimator: new Estimator(),
  requestId: 'req_1',
  hideUsage: false,
  replaceable: false,
  answered: () => undefined,
  cancels: false,
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
    answer.onResponseStart(controller, 200, { 'content-type': 'application/json', 'transfer-encoding': 'chunked' });
    for (let i = 0; i < 3; i += 1) answer.onResponseData(controller, Buffer.alloc(1024 * 1024));
    expect(controller.paused).toBe(true);
    jest.advanceTimersByTime(CLIENT_STALL_MS);
    expect(controller.paused).toBe(false);
    answer.onResponseEnd();
    expect(await answer.ended).toMatchObject({ clientLeft: true });
  });

  it.each([{ connection: 'close', 'content-length': '99999999' }, {}])(
    'is never paused where its upstream closes behind it, and has a bound: %j',
    async (headers) => {
      const controller = upstream();
      const answer = new Answer(options, new ServerResponse(new IncomingMessage(new Socket())));
      answer.onRequestStart(controller);
      answer.onResponseStart(controller, 200, { 'content-type': 'text/event-stream', ...headers });
      for (let sent = 0; sent <= DRAIN_MAX_BYTES; sent += 1024 * 1024) {
        answer.onResponseData(controller, Buffer.alloc(1024 * 1024));
        expect(controller.paused).toBe(false);
      }
      answer.onResponseEnd();
      expect(await answer.ended).toMatchObject({ clientLeft: true });
    },
  );

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

describe('an answer that cannot be read to its end', () => {
  it('has broken off, and ends all the same', async () => {
    const controller = upstream();
    const unreadable = () => {
      throw new Error('of what was read');
    };
    const passing = jest.fn(() => ({ push: unreadable, end: unreadable, release: jest.fn() }) as never);
    const response = new ServerResponse(new IncomingMessage(new Socket()));
    const answer = new Answer({ ...options, estimator: { passing } }, response);
    answer.onRequestStart(controller);
    answer.onResponseStart(controller, 200, { 'content-type': 'application/json' });
    answer.onResponseEnd();
    const end = await answer.ended;
    expect(end).toMatchObject({ sent: true, httpStatus: 200, error: { message: 'of what was read' } });
    expect(end.usage).toBeUndefined();
  });
});

describe('a last answer that breaks off before its client has a byte', () => {
  it.each([
    { 'content-type': 'application/json', 'content-length': '9999' },
    { 'content-type': 'application/json', 'transfer-encoding': 'chunked' },
  ])('is told as a failure, and not as a lost connection: %j', async (headers) => {
    const controller = upstream();
    const response = new ServerResponse(new IncomingMessage(new Socket()));
    const answer = new Answer(options, response);
    answer.onRequestStart(controller);
    answer.onResponseStart(controller, 200, headers);
    // Of a body with a length the last chunk is kept back.
    if ('content-length' in headers) answer.onResponseData(controller, Buffer.from('{"choices":['));
    answer.onResponseError(controller, new Error('read ECONNRESET'));
    await answer.ended;
    expect([answer.finish(), response.headersSent, response.destroyed]).toEqual([false, false, false]);
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

describe('an answer that takes longer than totalMs', () => {
  it.each([
    { who: 'client', heldUpMs: 6_000, clientLeft: true },
    { who: 'upstream', heldUpMs: 2_000, clientLeft: false },
  ])('is the $who’s fault when that took most of the time', async ({ heldUpMs, clientLeft }) => {
    const timeouts = { ...options.timeouts, totalMs: 10_000 };
    const controller = { ...upstream(), abort: jest.fn() };
    const response = new ServerResponse(new IncomingMessage(new Socket()));
    const answer = new Answer({ ...options, timeouts }, response);
    controller.abort.mockImplementation((error) => answer.onResponseError(controller, error as Error));
    answer.onRequestStart(controller);
    answer.onResponseStart(controller, 200, { 'content-type': 'text/event-stream' });
    answer.onResponseData(controller, Buffer.alloc(1024 * 1024));
    jest.advanceTimersByTime(heldUpMs);
    response.emit('drain');
    jest.advanceTimersByTime(timeouts.totalMs - heldUpMs);
    answer.onResponseEnd();
    const end = await answer.ended;
    expect([end.clientLeft, controller.abort.mock.calls.length]).toEqual([clientLeft, clientLeft ? 0 : 1]);
    expect(verdictOf(end)).toBe(clientLeft ? 'good' : 'bad');
  });
});

describe('an answer that another may replace', () => {
  const error = Buffer.from('{"error":{}}');

  function begun(httpStatus: number) {
    const response = new ServerResponse(new IncomingMessage(new Socket()));
    const controller = { ...upstream(), abort: jest.fn() };
    let answers = 0;
    const answer = new Answer({ ...options, replaceable: true, answered: () => (answers += 1) }, response);
    answer.onRequestStart(controller);
    answer.onResponseStart(controller, httpStatus, { 'content-type': 'application/json', 'retry-after': '2' });
    return { answer, response, controller, answers: () => answers };
  }

  it('keeps a failure from the client until it is the last word', async () => {
    const { answer, response, controller, answers } = begun(503);
    const write = jest.spyOn(response, 'write');
    answer.onResponseData(controller, error);
    answer.onResponseEnd();
    expect(await answer.ended).toMatchObject({ httpStatus: 503, retryAfterMs: 2_000 });
    expect([answer.isReplaceable, response.headersSent, write.mock.calls, answers()]).toEqual([true, false, [], 0]);
    expect(answer.finish()).toBe(true);
    expect([response.statusCode, write.mock.calls[0]?.[0], response.writableEnded]).toEqual([503, error, true]);
  });

  it('passes on a failure that is too large to keep', () => {
    const { answer, response, controller } = begun(500);
    answer.onResponseData(controller, Buffer.alloc(HELD_FAILURE_MAX_BYTES));
    expect(answer.isReplaceable).toBe(true);
    answer.onResponseData(controller, error);
    expect([answer.isReplaceable, response.headersSent]).toEqual([false, true]);
  });

  it.each([200, 400])('with status %i is the answer, from its first byte on', (httpStatus) => {
    const { answer, response, controller, answers } = begun(httpStatus);
    expect([answer.isReplaceable, response.headersSent]).toEqual([true, false]);
    answer.onResponseData(controller, error);
    expect([answer.isReplaceable, response.headersSent, answers()]).toEqual([false, true, 1]);
  });

  it('is given up when its first byte does not come, also before it has a connection', async () => {
    const { controller } = begun(200);
    const waiting = new Answer(options, new ServerResponse(new IncomingMessage(new Socket())));
    jest.advanceTimersByTime(options.timeouts.firstByteMs);
    expect(controller.abort).toHaveBeenCalledWith(expect.any(UpstreamTimeout));
    expect(await waiting.ended).toMatchObject({ sent: false, error: expect.any(UpstreamTimeout) as unknown });
    const late = { ...upstream(), abort: jest.fn() };
    waiting.onRequestStart(late);
    expect(late.abort).toHaveBeenCalled();
  });
});
