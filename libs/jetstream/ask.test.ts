import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { NatsConnection } from '@nats-io/transport-node';
import { Logger } from '@nestjs/common';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { requestContract } from '#contracts/requests/request.js';
import { testNats } from '#testing/nats.js';
import type { TestNats } from '#testing/nats.js';
import { AnswerLoop } from './answer.js';
import type { RequestHandler } from './answer.js';
import { ask } from './ask.js';
import { connectNats } from './connect.js';
import { RequestFailure } from './request-failure.js';

const double = requestContract('test.v1.double', z.object({ n: z.int() }), z.object({ n: z.int(), by: z.string() }));

describe('asking another app', () => {
  let nats: TestNats;
  let connection: NatsConnection;
  let loops: AnswerLoop[] = [];

  beforeAll(async () => {
    Logger.overrideLogger(false);
    nats = await testNats();
    connection = await connectNats({ servers: nats.url, name: 'test' });
  });
  afterEach(async () => {
    await Promise.all(loops.map((loop) => loop.close()));
    loops = [];
  });
  afterAll(async () => {
    await connection.close();
    await nats.stop();
  });

  async function answer(handle: RequestHandler, app = 'doubler'): Promise<AnswerLoop> {
    const loop = new AnswerLoop(connection, app, double, handle);
    loops.push(loop);
    loop.start();
    await connection.flush();
    return loop;
  }

  const doubled = (by: string): RequestHandler => {
    return (request) => Promise.resolve({ n: 2 * double.request.parse(request).n, by });
  };

  it('gets the answer', async () => {
    await answer(doubled('a'));
    expect(await ask(connection, double, { n: 21 })).toEqual({ n: 42, by: 'a' });
  });

  it('shares the questions among the instances of an app: each is answered once', async () => {
    await answer(doubled('a'));
    await answer(doubled('b'));
    const replies = await Promise.all(Array.from({ length: 40 }, (_, n) => ask(connection, double, { n })));
    expect(replies.map(({ n }) => n)).toEqual(Array.from({ length: 40 }, (_, n) => 2 * n));
    expect(new Set(replies.map(({ by }) => by))).toEqual(new Set(['a', 'b']));
  });

  it('is told that nobody answers', async () => {
    await expect(ask(connection, double, { n: 1 })).rejects.toMatchObject({
      code: 'unavailable',
      message: 'Nobody answers test.v1.double: the app that does is not running.',
    });
  });

  it('gets the answer also when the broker dies while it is worked out', async () => {
    let asked = 0;
    await answer(async (request) => {
      if (++asked === 1) {
        await nats.kill();
        void nats.restart();
      }
      return doubled('a')(request);
    });
    expect(await ask(connection, double, { n: 21 }, { timeoutMs: 20_000 })).toEqual({ n: 42, by: 'a' });
    expect(asked).toBe(2);
  });

  it('is told that the answer did not come in time', async () => {
    await answer(() => delay(500, { n: 0, by: 'late' }));
    await expect(ask(connection, double, { n: 1 }, { timeoutMs: 50 })).rejects.toMatchObject({
      code: 'unavailable',
      message: 'test.v1.double did not answer within 50 ms.',
    });
  });

  it('carries an expected failure with its code, and hides an unexpected one', async () => {
    await answer((request) => {
      const { n } = double.request.parse(request);
      return Promise.reject(
        n === 1 ? new RequestFailure('not_found', 'There is no 1.') : new Error('password=hunter2'),
      );
    });
    await expect(ask(connection, double, { n: 1 })).rejects.toMatchObject({
      code: 'not_found',
      message: 'There is no 1.',
    });
    const failure = await ask(connection, double, { n: 2 }).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(RequestFailure);
    expect(failure).toMatchObject({ code: 'internal', message: 'test.v1.double failed.' });
  });

  it('refuses a wrong question on both sides', async () => {
    await answer(doubled('a'));
    await expect(ask(connection, double, { n: 1.5 })).rejects.toMatchObject({ code: 'invalid' });
    const raw = async (body: string) => (await connection.request(double.subject, body)).json();
    expect(await raw('{"n":"one"}')).toMatchObject({ error: { code: 'invalid' } });
    expect(await raw('{"n":')).toMatchObject({
      error: { code: 'invalid', message: expect.stringContaining('not JSON') },
    });
  });

  it('refuses an answer against the contract', async () => {
    await answer(() => Promise.resolve({ n: 'forty-two' }));
    await expect(ask(connection, double, { n: 21 })).rejects.toMatchObject({ code: 'internal' });
  });

  it('is told when the answer is larger than the broker carries', async () => {
    await answer(() => Promise.resolve({ n: 1, by: 'x'.repeat(2 * 1024 * 1024) }));
    await expect(ask(connection, double, { n: 1 })).rejects.toMatchObject({
      code: 'invalid',
      message: expect.stringContaining('ask for less'),
    });
    expect(connection.isClosed()).toBe(false);
  });

  it('is told to try again by an app with too many questions at once', async () => {
    await answer(() => delay(300, { n: 0, by: 'busy' }));
    const outcomes = await Promise.allSettled(Array.from({ length: 80 }, () => ask(connection, double, { n: 1 })));
    const refused = outcomes.filter((outcome) => outcome.status === 'rejected');
    expect(refused).toHaveLength(80 - 64);
    for (const { reason } of refused) expect(reason).toMatchObject({ code: 'unavailable' });
  });

  it('still gets the answer that was being worked out when the app closed', async () => {
    const loop = await answer(() => delay(200, { n: 0, by: 'last' }));
    const asked = ask(connection, double, { n: 1 });
    await delay(50);
    await loop.close();
    expect(await asked).toEqual({ n: 0, by: 'last' });
  });
});
