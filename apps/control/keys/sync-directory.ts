import type { KV, KvEntry } from '@nats-io/kv';

const maxWritesInFlight = 64;

interface Entry {
  /** Absent when it was removed. */
  readonly value: string | undefined;
  readonly revision: number;
}

/**
 * Makes the bucket say what the tables say, while others go on writing both.
 * The bucket is read first: a change is committed before it is put, so an entry that the later read of the tables lacks
 * is a stray for certain. And an entry that somebody wrote since the bucket was read is left to them: the write fails.
 * @param names of the entries that this is about, all of which `readEntries` reads. Left out: the whole bucket.
 * @throws when a write failed. The rest of the difference remains: sync again.
 */
export async function syncDirectory(
  bucket: KV,
  readEntries: () => Promise<ReadonlyMap<string, unknown>>,
  names?: readonly string[],
): Promise<{ written: number; removed: number }> {
  const found = names === undefined ? await readBucket(bucket) : await readNamed(bucket, names);
  const entries = await readEntries();

  const writes = [...entries].flatMap(([name, said]) => {
    if (names?.includes(name) === false) return [];
    const value = JSON.stringify(said);
    const entry = found.get(name);
    // Not `create`: that one also replaces what somebody has written and removed since.
    return entry?.value === value ? [] : [() => bucket.put(name, value, { previousSeq: entry?.revision ?? 0 })];
  });
  const removals = [...found].flatMap(([name, { value, revision }]) =>
    value === undefined || entries.has(name) ? [] : [() => bucket.delete(name, { previousSeq: revision })],
  );
  await inParallel([...writes, ...removals]);
  return { written: writes.length, removed: removals.length };
}

async function readBucket(bucket: KV): Promise<ReadonlyMap<string, Entry>> {
  const entries = new Map<string, Entry>();
  for await (const entry of await bucket.history()) {
    entries.set(entry.key, entryOf(entry));
  }
  return entries;
}

async function readNamed(bucket: KV, names: readonly string[]): Promise<ReadonlyMap<string, Entry>> {
  const entries = new Map<string, Entry>();
  for (const name of names) {
    const entry = await bucket.get(name);
    if (entry !== null) entries.set(name, entryOf(entry));
  }
  return entries;
}

function entryOf(entry: KvEntry): Entry {
  return { value: entry.operation === 'PUT' ? entry.string() : undefined, revision: entry.revision };
}

async function inParallel(writes: readonly (() => Promise<unknown>)[]): Promise<void> {
  // The lanes share one iterator: each takes the next write when its last is done.
  const queue = writes.values();
  const lane = async () => {
    for (const write of queue) await write();
  };
  await Promise.all(Array.from({ length: maxWritesInFlight }, lane));
}
