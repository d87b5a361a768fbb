import { jetstreamManager } from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/transport-node';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { connectNats } from '#jetstream/connect.js';
import { eventually } from '#jetstream/eventually.fixture.js';
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
  const updates: string[] = [];
  const ports = {
    update: (name: string, value: unknown) => {
      updates.push(name);
      told.set(name, value);
    },
    // As long as a server that was started again has no streams yet.
    complain: (sentence: string) => expect(sentence).toBe(`The watch of bucket ${bucket} failed and begins again.`),
  };
  return { ...watchBucket(relay, bucket, ports), told, updates };
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

  it('is loaded when the newest entry is gone without a marker', async () => {
    const bucket = await new Kvm(writer).create('purged');
    await bucket.put('stays', '1');
    await bucket.put('goes', '1');
    const { streams } = await jetstreamManager(writer);
    await streams.purge('KV_purged', { filter: '$KV.purged.goes' });
    const { loaded, stop, told } = watch('purged');
    await loaded;
    expect([...told]).toEqual([['stays', 1]]);
    stop();
  });

  it('begun again after an outage tells what is gone without a marker, and nothing that is as it was', async () => {
    const bucket = await new Kvm(writer).create('directory');
    for (const name of ['stays', 'goes', 'removed', 'changes']) await bucket.put(name, '1');
    const { loaded, stop, told, updates } = watch('directory');
    await loaded;
    const { streams } = await jetstreamManager(writer);
    await streams.purge('KV_directory', { filter: '$KV.directory.goes' });
    await bucket.delete('removed');
    await eventually(() => expect(told.get('removed')).toBeUndefined());
    expect(told.get('goes')).toBe(1);
    await nats.kill();
    await nats.restart();
    await eventually(async () => void (await bucket.put('changes', '2')));
    await eventually(() => expect([...told.values()]).toEqual([1, undefined, undefined, 2]));
    expect(updates.filter((name) => name === 'stays')).toHaveLength(1);
    stop();
  }, 20_000);

  it('begun again on a bucket that was made anew knows what is in that one, whose revisions are lower', async () => {
    const first = await new Kvm(writer).create('channels');
    for (let revision = 1; revision <= 5; revision += 1) await first.put('goes', '1');
    await first.put('changes', '1');
    const { loaded, stop, told } = watch('channels');
    await loaded;
    await first.destroy();
    const second = await new Kvm(writer).create('channels');
    await second.put('changes', '2');
    await nats.kill();
    await nats.restart();
    await eventually(() =>
      expect([...told]).toEqual([
        ['goes', undefined],
        ['changes', 2],
      ]),
    );
    await eventually(async () => void (await second.put('comes', '3')));
    await eventually(() => expect(told.get('comes')).toBe(3));
    stop();
  }, 20_000);
});
