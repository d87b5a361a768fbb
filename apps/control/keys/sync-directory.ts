import type { KV } from '@nats-io/kv';
import type { DirectoryKey } from '#contracts/directory.js';

const maxWritesInFlight = 64;

interface Entry {
  readonly value: string;
  readonly revision: number;
}

/**
 * Makes the bucket say what the table says, while others go on writing both.
 * The bucket is read first: a key is committed before it is put, so an entry that the later read of the table lacks is
 * a stray for certain. And an entry that somebody wrote since the bucket was read is left to them: the write fails.
 * @throws when a write failed. The rest of the difference remains: sync again.
 */
export async function syncDirectory(
  bucket: KV,
  readKeys: () => Promise<ReadonlyMap<string, DirectoryKey>>,
): Promise<{ written: number; removed: number }> {
  const found = await readEntries(bucket);
  const keys = await readKeys();

  const writes = [...keys].flatMap(([name, key]) => {
    const value = JSON.stringify(key);
    const entry = found.get(name);
    if (entry === undefined) return [() => bucket.create(name, value)];
    return entry.value === value ? [] : [() => bucket.update(name, value, entry.revision)];
  });
  const removals = [...found].flatMap(([name, { revision }]) =>
    keys.has(name) ? [] : [() => bucket.delete(name, { previousSeq: revision })],
  );
  await inParallel([...writes, ...removals]);
  return { written: writes.length, removed: removals.length };
}

async function readEntries(bucket: KV): Promise<ReadonlyMap<string, Entry>> {
  const entries = new Map<string, Entry>();
  for await (const entry of await bucket.history()) {
    if (entry.operation === 'PUT') entries.set(entry.key, { value: entry.string(), revision: entry.revision });
  }
  return entries;
}

async function inParallel(writes: readonly (() => Promise<unknown>)[]): Promise<void> {
  // The lanes share one iterator: each takes the next write when its last is done.
  const queue = writes.values();
  const lane = async () => {
    for (const write of queue) await write();
  };
  await Promise.all(Array.from({ length: maxWritesInFlight }, lane));
}
