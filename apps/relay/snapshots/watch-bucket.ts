import { Kvm, type KV, type KvWatchEntry } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/transport-node';
import { setTimeout as delay } from 'node:timers/promises';

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

/** Keeps a snapshot of a KV bucket fresh, for ever: a watch that ends is begun again, from the whole bucket. */
export function watchBucket(connection: NatsConnection, bucket: string, ports: BucketWatchPorts): BucketWatch {
  const stopped = new AbortController();
  let resolveLoaded = () => {};
  const loaded = new Promise<void>((resolve) => (resolveLoaded = resolve));
  void follow();
  return { loaded, stop: () => stopped.abort() };

  async function follow(): Promise<void> {
    while (!stopped.signal.aborted) {
      try {
        const kv = await new Kvm(connection).open(bucket);
        await followOnce(kv);
      } catch (error) {
        if (stopped.signal.aborted) return;
        ports.complain(`The watch of bucket ${bucket} failed and begins again.`, error);
      }
      await delay(RETRY_MS);
    }
  }

  async function followOnce(kv: KV): Promise<void> {
    const { state } = (await kv.status()).streamInfo;
    if (state.messages === 0) resolveLoaded();
    const entries = await kv.watch();
    stopped.signal.addEventListener('abort', () => entries.stop(), { once: true });
    for await (const entry of entries) {
      ports.update(entry.key, valueOf(entry));
      // Not when nothing is said to be left: an entry that is replaced as the watch begins is counted for ever.
      if (entry.revision >= state.last_seq) resolveLoaded();
    }
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
