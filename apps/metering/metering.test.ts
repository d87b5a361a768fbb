import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { jetstream } from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/transport-node';
import { priceBookEntry } from '#contracts/price-book.js';
import { clickhouseCells, recomputedCells } from '#contracts/requests/reconciliation.js';
import { spend } from '#contracts/requests/spend.js';
import { buckets, chargeSubject, streams, usageSubject } from '#contracts/streams.js';
import type { UsageEvent } from '#contracts/usage-event.js';
import { ask } from '#jetstream/ask.js';
import { connectNats } from '#jetstream/connect.js';
import type { Delivered } from '#jetstream/handlers.js';
import { ackFloor, lastSequence } from '#jetstream/progress.js';
import { publishEvents } from '#jetstream/publish.js';
import { ensureTopology } from '#jetstream/topology.js';
import { eventually } from '#jetstream/eventually.fixture.js';
import { formatAmount } from '#money/pico.js';
import { testNats, type TestNats } from '#testing/nats.js';
import { book, chargeOf, deliveredUsage, rate } from './metering.fixture.js';

const org = 'acme';
const hooks = new URL('../../test/support/typescript-hooks.mjs', import.meta.url);
const typescript = `data:text/javascript,import{register}from'node:module';register('${hooks.href}')`;

let nats: TestNats;
let connection: NatsConnection;
let folder: string;
const children = new Set<ChildProcess>();

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tollgate-metering-'));
  nats = await testNats();
  connection = await connectNats({ servers: nats.url, name: 'test' });
  await ensureTopology(connection);
});
afterAll(async () => {
  for (const child of children) child.kill('SIGKILL');
  await connection.close();
  await nats.stop();
  await rm(folder, { recursive: true, maxRetries: 10 });
});

/** A process of its own: the engine's directory is bound to it, and it can be killed. */
function start(script: string, ...args: string[]): ChildProcess {
  const child = spawn(process.execPath, ['--import', typescript, join(import.meta.dirname, script), ...args], {
    env: { NATS_URL: nats.url, TOLLGATE_CLICKHOUSE_DIR: join(folder, 'clickhouse'), TOLLGATE_LOG_LEVEL: 'warn' },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  children.add(child);
  child.once('exit', () => children.delete(child));
  return child;
}

async function startMetering(): Promise<ChildProcess> {
  const metering = start('main.ts');
  await Promise.race([
    once(metering, 'message'),
    once(metering, 'exit').then(() => Promise.reject(new Error('Metering did not start: its log says why.'))),
  ]);
  return metering;
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  const exited = once(child, 'exit');
  child.kill(signal);
  await exited;
}

/** Usage events with their charges, on the log. */
async function publish(deliveries: readonly Delivered<UsageEvent>[]): Promise<void> {
  const js = jetstream(connection);
  const events = deliveries.map(({ event }) => event);
  await publishEvents(js, usageSubject(org), events);
  await publishEvents(
    js,
    chargeSubject(org),
    deliveries.map((delivery) => chargeOf(delivery).event),
  );
}

const some = (count: number): Delivered<UsageEvent>[] => Array.from({ length: count }, () => deliveredUsage({ org }));

it('counts every event once, behind hostile ones, though it is killed after an insert, and again and again', async () => {
  await (await new Kvm(connection).open(buckets.prices)).put(priceBookEntry(book.version), JSON.stringify(book));
  const stored = some(300);
  const file = join(folder, 'deliveries.json');
  await writeFile(file, JSON.stringify(stored));
  const [, signal] = (await once(
    start('project-and-die.fixture.ts', join(folder, 'clickhouse'), file),
    'exit',
  )) as unknown[];
  expect(signal).toBe('SIGKILL');

  const deliveries = [...stored, ...some(200)];
  // ClickHouse refuses the first and would hold up everything behind it; PostgreSQL refuses the second.
  const hostile = ['gpt\ud800x', 'gpt\u0000x'].map((servedModel) => deliveredUsage({ org, usage: { servedModel } }));
  await publish([...hostile, ...deliveries]);
  let metering = await startMetering();
  for (let kills = 0; kills < 3; kills += 1) {
    const more = some(5000);
    deliveries.push(...more);
    await Promise.all([publish(more), delay(300 + 150 * kills)]);
    await end(metering, 'SIGKILL');
    metering = await startMetering();
  }

  await eventually(async () => {
    for (const [stream, consumer] of [
      [streams.usage.name, 'metering-usage'],
      [streams.charges.name, 'metering-charges'],
    ] as const) {
      expect(await ackFloor(connection, stream, consumer)).toBe(await lastSequence(connection, stream));
    }
  }, 40_000);

  const amount = formatAmount(
    deliveries.map(rate).reduce((sum, rated) => sum + (rated.status === 'charged' ? rated.amount : 0n), 0n),
  );
  const whole = { count: deliveries.length, quantity: String(13 * deliveries.length), amount, cost: amount };
  const cut = { usageSequence: await lastSequence(connection, streams.usage.name) };
  const charged = await ask(connection, clickhouseCells, { cut });
  expect(charged.items).toMatchObject([{ orgId: org, model: 'small', status: 'charged', currency: 'USD', ...whole }]);
  expect(await ask(connection, recomputedCells, { cut })).toEqual(charged);
  const { rows } = await ask(connection, spend, { orgId: org, groupBy: ['team'] });
  expect(rows).toMatchObject([{ teamId: 'research', charged: deliveries.length, amount, cost: amount }]);

  await end(metering, 'SIGTERM');
  expect(metering.exitCode).toBe(0);
}, 120_000);
