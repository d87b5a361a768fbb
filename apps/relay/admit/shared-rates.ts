import { JetStreamApiError } from '@nats-io/jetstream';
import { Kvm, type KV } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/transport-node';
import { type RateEntry, rateEntry } from '#contracts/rate-share.js';
import { buckets } from '#contracts/streams.js';
import type { BrokerClock } from './broker-clock.js';
import { isOfLater, type TakenShare } from './take-share.js';

/** Each of them was lost to another relay, which got its share by it. */
const MAX_TRIES = 100;
const WRONG_LAST_SEQUENCE = 10071;
/** A clock that was measured so recently is not the one that is wrong. */
const JUST_MEASURED_MS = 1_000;

/** Changes the entry of a level, from what is stored now, and nobody else in between. */
export type ChangeRates = (name: string, change: (before: RateEntry | undefined) => TakenShare) => Promise<TakenShare>;

/** The limits as all relays know them. */
export interface SharedRates {
  readonly change: ChangeRates;
  /** The same for all of them, in milliseconds since 1970. */
  readonly nowMs: () => number;
}

/** Over the revision that was read: a change that another relay made meanwhile is read again, and taken from. */
export function sharedRatesOver(connection: NatsConnection, clock: BrokerClock): SharedRates {
  let opened: Promise<KV> | undefined;
  const change: ChangeRates = async (name, changed) => {
    await clock.measure();
    opened ??= new Kvm(connection).open(buckets.rates);
    const bucket = await opened.catch((error: unknown) => {
      opened = undefined;
      throw error;
    });
    for (let tried = 0; tried < MAX_TRIES; tried += 1) {
      const stored = await bucket.get(name);
      const before = stored?.operation === 'PUT' ? rateEntry.parse(stored.json()) : undefined;
      if (before !== undefined && isOfLater(before, clock.nowMs())) await clock.measure(JUST_MEASURED_MS);
      const taken = changed(before);
      if (await isWritten(bucket, name, { entry: taken.entry, revision: stored?.revision ?? 0 })) return taken;
    }
    throw new Error(`The rates of ${name} change all the time: ${MAX_TRIES} writes were too late.`);
  };
  return { change, nowMs: () => clock.nowMs() };
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
