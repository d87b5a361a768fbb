import { jetstreamManager } from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/transport-node';
import { buckets } from '#contracts/streams.js';

/** Clocks drift by some milliseconds meanwhile. */
const FRESH_MS = 60_000;

/**
 * The broker's time, so that all relays mean the same by a minute: whoever goes by the own clock, and that one is an hour
 * ahead, takes a minute from all others that has not come, or forgets what another has just begun. Measured at an entry of the relay's own, which the broker dates.
 */
export class BrokerClock {
  /** Of a clock that never goes back. Absent before it is measured. */
  #aheadMs: number | undefined;
  #measuredAtMs = -Infinity;
  #measuring: Promise<void> | undefined;

  constructor(
    private readonly connection: NatsConnection,
    private readonly relayId: string,
  ) {}

  /** In milliseconds since 1970; by the own clock as long as nothing else is known. */
  nowMs(): number {
    return this.#aheadMs === undefined ? Date.now() : Math.floor(performance.now() + this.#aheadMs);
  }

  /** Asks the broker where what it said is older than this. */
  async measure(maxAgeMs = FRESH_MS): Promise<void> {
    if (performance.now() - this.#measuredAtMs < maxAgeMs) return;
    this.#measuring ??= this.#ask().finally(() => (this.#measuring = undefined));
    await this.#measuring;
  }

  async #ask(): Promise<void> {
    const bucket = await new Kvm(this.connection).open(buckets.rates);
    const { streams } = await jetstreamManager(this.connection, { checkAPI: false });
    const sentMs = performance.now();
    const seq = await bucket.put(`clock.${this.relayId}`, '');
    const answeredMs = performance.now();
    // Not from a replica, which may not have it yet.
    const message = await streams.getMessage(`KV_${buckets.rates}`, { seq });
    if (message === null)
      throw new Error('The broker does not say when it took an entry: another relay has this name.');
    this.#aheadMs = message.time.getTime() - (sentMs + answeredMs) / 2;
    this.#measuredAtMs = answeredMs;
  }
}
