import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import type { NatsConnection } from '@nats-io/transport-node';
import { testNats, type TestNats } from '#testing/nats.js';
import { connectNats } from './connect.js';
import { JetStreamModule } from './jetstream.module.js';

/** Of the ten seconds that an app has to drain, the relay's requests and events take eight. */
const SOON_MS = 1_800;

let nats: TestNats;
let proxy: Server;
const sockets: Socket[] = [];

beforeAll(async () => {
  nats = await testNats();
  proxy = createServer((client) => {
    const server = connect(Number(new URL(nats.url).port), '127.0.0.1');
    for (const socket of [client, server]) socket.on('error', () => undefined);
    client.pipe(server).pipe(client);
    sockets.push(client, server);
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
});
afterAll(async () => {
  for (const socket of sockets) socket.destroy();
  proxy.close();
  await nats.stop();
});

const connected = () =>
  connectNats({ servers: `nats://127.0.0.1:${(proxy.address() as AddressInfo).port}`, name: 'test' });

async function shutDownMs(connection: NatsConnection): Promise<number> {
  const startedMs = performance.now();
  await new JetStreamModule(connection).onApplicationShutdown();
  expect(connection.isClosed()).toBe(true);
  return performance.now() - startedMs;
}

describe('an app that stops', () => {
  it('waits for a server that hangs no longer than it may', async () => {
    const connection = await connected();
    connection.subscribe('questions');
    for (const socket of sockets) socket.unpipe().pause();
    expect(await shutDownMs(connection)).toBeLessThan(SOON_MS);
  });

  it('waits for none that is away', async () => {
    const connection = await connected();
    connection.subscribe('questions');
    await nats.kill();
    expect(await shutDownMs(connection)).toBeLessThan(SOON_MS);
  });
});
