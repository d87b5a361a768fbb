import { JetStreamApiError } from '@nats-io/jetstream';
import { Kvm, type KV } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/transport-node';
import { type RateEntry, rateEntry } from '#contracts/rate-share.js';
import { buckets } from '#contracts/streams.js';
import type { TakenShare } from './take-share.js';

/** Each of them was lost to another relay, which got its share by it. */
const MAX_TRIES = 100;
const WRONG_LAST_SEQUENCE = 10071;

/** Changes the entry of a level, from what is stored now, and nobody else in between. */
export type ChangeRates = (name: string, change: (before: RateEntry | undefined) => TakenShare) => Promise<TakenShare>;

/** Over the revision that was read: a change that another relay made meanwhile is read again, and taken from. */
export function changeRatesOver(connection: NatsConnection): ChangeRates {
  let opened: Promise<KV> | undefined;
  return async (name, change) => {
    opened ??= new Kvm(connection).open(buckets.rates);
    const bucket = await opened.catch((error: unknown) => {
      opened = undefined;
      throw error;
    });
    for (let tried = 0; tried < MAX_TRIES; tried += 1) {
      const stored = await bucket.get(name);
      const taken = change(stored?.operation === 'PUT' ? rateEntry.parse(stored.json()) : undefined);
      if (await isWritten(bucket, name, { entry: taken.entry, revision: stored?.revision ?? 0 })) return taken;
    }
    throw new Error(`The rates of ${name} change all the time: ${MAX_TRIES} writes were too late.`);
  };
}

async function isWritten(
  bucket: KV,
  name: string,
  { entry, revision }: { readonly entry: RateEntry; readonly revision: number },
): Promise<boolean> {
  try {
    await bucket.put(name, JSON.stringify(entry), { previousSeq: revision });
    return true;
  } catch (error) {
    if (error instanceof JetStreamApiError && error.code === WRONG_LAST_SEQUENCE) return false;
    throw error;
  }
}
