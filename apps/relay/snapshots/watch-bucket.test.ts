import { Kvm } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/transport-node';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { connectNats } from '#jetstream/connect.js';
import { type TestNats, testNats } from '#testing/nats.js';
import { watchBucket } from './watch-bucket.js';

let nats: TestNats;
let relay: NatsConnection;
let writer: NatsConnection;
beforeAll(async () => {
  nats = await testNats();
  [relay, writer] = await Promise.all(
    ['relay', 'writer'].map((name) => connectNats({ servers: nats.url, name })) as [
      Promise<NatsConnection>,
      Promise<NatsConnection>,
    ],
  );
});
afterAll(async () => {
  await Promise.all([relay.close(), writer.close()]);
  await nats.stop();
});

function watch(bucket: string) {
  const told = new Map<string, unknown>();
  const ports = {
    update: (name: string, value: unknown) => told.set(name, value),
    complain: (sentence: string) => expect(sentence).toBe('nothing'),
  };
  return { ...watchBucket(relay, bucket, ports), told };
}

describe('a watch', () => {
  it('is loaded at once on an empty bucket', async () => {
    await new Kvm(writer).create('empty');
    const { loaded, stop } = watch('empty');
    await loaded;
    stop();
  });

  it('is loaded even when an entry is replaced just as it begins', async () => {
    for (let round = 0; round < 40; round += 1) {
      const bucket = await new Kvm(writer).create(`prices-${round}`);
      await bucket.put('book', '1');
      await bucket.put('current', '1');
      const { loaded, stop, told } = watch(`prices-${round}`);
      const replaced = new Promise((resolve) => setTimeout(() => resolve(bucket.put('current', '2')), round / 10));
      await Promise.all([loaded, replaced]);
      expect([...told.keys()].sort()).toEqual(['book', 'current']);
      stop();
    }
  }, 20_000);
});
