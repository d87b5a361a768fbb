import 'reflect-metadata';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { jetstream } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { Controller, Get, Module } from '@nestjs/common';
import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { AsyncMicroserviceOptions } from '@nestjs/microservices';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { z } from 'zod';
import { topUp } from '#contracts/requests/wallets.js';
import { usageSubject } from '#contracts/streams.js';
import type { UsageEvent } from '#contracts/usage-event.js';
import { logger } from '#telemetry/log.js';
import { testNats } from '#testing/nats.js';
import type { TestNats } from '#testing/nats.js';
import { ask } from './ask.js';
import { connectNats } from './connect.js';
import { Answers, ConsumesEvents } from './handlers.js';
import type { Delivered, Rejection } from './handlers.js';
import { JetStreamModule, jetStreamTransport } from './jetstream.module.js';
import { publishEvents } from './publish.js';
import { RequestFailure } from './request-failure.js';
import { exampleUsageEvent } from './event.fixture.js';
import { eventually } from './eventually.fixture.js';

const seen = new Set<string>();

@Controller()
class Handlers {
  @ConsumesEvents({ stream: 'usage', consumer: 'pricing', maxEvents: 5000, maxWaitMs: 50 })
  async handle(deliveries: readonly Delivered<UsageEvent>[]): Promise<readonly Rejection[]> {
    for (const { event } of deliveries) seen.add(event.id);
    return Promise.resolve([]);
  }

  @Answers(topUp)
  async topUp(request: z.infer<typeof topUp.request>): Promise<z.infer<typeof topUp.reply>> {
    if (request.currency !== 'USD') throw new RequestFailure('conflict', 'The wallet is in USD.');
    return Promise.resolve({ transactionId: request.idempotencyKey, balance: request.amount, repeated: false });
  }

  @Get('/health')
  health() {
    return 'up';
  }
}

describe('the JetStream transport under Nest', () => {
  let nats: TestNats;
  let connection: NatsConnection;

  beforeAll(async () => {
    nats = await testNats();
    connection = await connectNats({ servers: nats.url, name: 'test' });
  });
  afterAll(async () => {
    await connection.close();
    await nats.stop();
  });

  function appModule(name: string) {
    @Module({ imports: [JetStreamModule.forRoot({ servers: nats.url, name })], controllers: [Handlers] })
    class AppModule {}
    return AppModule;
  }

  async function expectToWork(app: INestApplicationContext) {
    const events = Array.from({ length: 3 }, () => exampleUsageEvent('acme'));
    await publishEvents(jetstream(connection), usageSubject('acme'), events);
    await eventually(() => expect([...seen]).toEqual(expect.arrayContaining(events.map(({ id }) => id))));

    const request = { orgId: 'acme', currency: 'USD', amount: '12.50', idempotencyKey: 'k1' };
    expect(await ask(connection, topUp, request)).toEqual({ transactionId: 'k1', balance: '12.50', repeated: false });
    await expect(ask(connection, topUp, { ...request, currency: 'EUR' })).rejects.toMatchObject({
      code: 'conflict',
      message: 'The wallet is in USD.',
    });
    await app.close();
    await expect(ask(connection, topUp, request)).rejects.toMatchObject({ code: 'unavailable' });
  }

  it('serves a microservice without HTTP', async () => {
    const app = await NestFactory.createMicroservice<AsyncMicroserviceOptions>(appModule('ledger'), {
      ...jetStreamTransport,
      logger: logger('ledger', 'warn'),
      abortOnError: false,
    });
    await app.listen();
    await expectToWork(app);
  });

  it('serves an HTTP application beside its routes', async () => {
    const app = await NestFactory.create<NestFastifyApplication>(appModule('control'), new FastifyAdapter(), {
      logger: logger('control', 'warn'),
      abortOnError: false,
    });
    app.connectMicroservice(jetStreamTransport);
    await app.startAllMicroservices();
    await app.listen(0, '127.0.0.1');
    expect((await app.inject({ url: '/health' })).payload).toBe('up');
    await expectToWork(app);
  });
});
