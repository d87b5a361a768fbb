import { Kvm, type KV, type KvWatchEntry } from '@nats-io/kv';
import type { NatsConnection, QueuedIterator, Status } from '@nats-io/transport-node';
import { bucketNames } from '#jetstream/bucket-names.js';
import { pause } from '#service/pause.js';

const RETRY_MS = 500;

export interface BucketWatch {
  /** Resolves when every entry that the bucket held at the start has been told. */
  readonly loaded: Promise<void>;
  readonly stop: () => void;
}

export interface BucketWatchPorts {
  /** @param value undefined when the entry is gone; null, which no schema takes, when it is no JSON. */
  readonly update: (name: string, value: unknown) => void;
  readonly complain: (sentence: string, error?: unknown) => void;
}

/**
 * Keeps a snapshot of a KV bucket fresh, for ever. A watch that ends is begun again, from the whole bucket, and so is every
 * watch after an outage: the server may have come back with another store, where a watch that goes on from its last
 * message hears nothing, and what is gone from a store is in no message at all.
 */
export function watchBucket(connection: NatsConnection, bucket: string, ports: BucketWatchPorts): BucketWatch {
  const stopped = new AbortController();
  /** By name, the message in which its value came: what has not changed is not told again. */
  const told = new Map<string, string>();
  let resolveLoaded = () => {};
  const loaded = new Promise<void>((resolve) => (resolveLoaded = resolve));
  const status = connection.status() as QueuedIterator<Status>;
  let turn = new AbortController();
  void follow();
  void beginAnewAfterOutages();
  return { loaded, stop };

  function stop(): void {
    stopped.abort();
    status.stop();
    turn.abort();
  }

  async function beginAnewAfterOutages(): Promise<void> {
    for await (const { type } of status) if (type === 'reconnect') turn.abort();
  }

  async function follow(): Promise<void> {
    while (!stopped.signal.aborted) {
      turn = new AbortController();
      try {
        await followOnce(await new Kvm(connection).open(bucket), turn.signal);
      } catch (error) {
        if (stopped.signal.aborted) return;
        ports.complain(`The watch of bucket ${bucket} failed and begins again.`, error);
      }
      await pause(RETRY_MS, stopped);
    }
  }

  async function followOnce(kv: KV, ended: AbortSignal): Promise<void> {
    const unheard = new Set(await bucketNames(connection, bucket));
    for (const name of [...told.keys()].filter((known) => !unheard.has(known))) {
      told.delete(name);
      ports.update(name, undefined);
    }
    if (unheard.size === 0) resolveLoaded();
    const entries = await kv.watch();
    ended.addEventListener('abort', () => entries.stop(), { once: true });
    if (ended.aborted) entries.stop();
    for await (const entry of entries) {
      hear(entry);
      // Not when nothing is said to be left: an entry that is replaced as the watch begins is counted for ever.
      if (unheard.delete(entry.key) && unheard.size === 0) resolveLoaded();
    }
  }

  function hear(entry: KvWatchEntry): void {
    // A store that was made anew counts its messages anew, too.
    const message = `${entry.revision} ${entry.created.getTime()}`;
    if (told.get(entry.key) === message) return;
    if (entry.operation === 'PUT') told.set(entry.key, message);
    else told.delete(entry.key);
    ports.update(entry.key, valueOf(entry));
  }

  function valueOf(entry: KvWatchEntry): unknown {
    if (entry.operation !== 'PUT') return undefined;
    try {
      return entry.json();
    } catch (error) {
      ports.complain(`Entry ${entry.key} of bucket ${bucket} is no JSON.`, error);
      return null;
    }
  }
}
