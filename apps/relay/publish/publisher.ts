import { setTimeout as delay } from 'node:timers/promises';
import type { SettledEvent } from '../journal/journal-record.js';

/** How long events wait for company: a message of many costs JetStream and its readers what a message of one costs. */
const GATHER_MS = 25;
const MAX_EVENTS_PER_ROUND = 5_000;
const FIRST_RETRY_MS = 100;
const LAST_RETRY_MS = 5_000;

export interface PublisherPorts {
  /** Resolves when JetStream holds all of them. */
  readonly publish: (orgId: string, events: readonly string[]) => Promise<void>;
  readonly published: (ids: readonly string[]) => Promise<void>;
  readonly complain: (sentence: string, error: unknown) => void;
}

/**
 * Brings settled events to JetStream, each organisation's in batches, and tries for ever: while NATS is away they wait
 * here and in the journal. A batch that failed is sent again as it was, so that JetStream recognises what it has.
 */
export class Publisher {
  #waiting: SettledEvent[] = [];
  #running: Promise<void> | undefined;
  #stopped = false;

  constructor(private readonly ports: PublisherPorts) {}

  add(event: SettledEvent): void {
    this.#waiting.push(event);
    this.#running ??= this.#run();
  }

  /** Resolves when JetStream holds all that was added. */
  async idle(): Promise<void> {
    await this.#running;
  }

  /** Publishes what it can within `maxMs`. The rest stays in the journal for the next start. */
  async stop(maxMs: number): Promise<void> {
    await Promise.race([this.#running, delay(maxMs, undefined, { ref: false })]);
    this.#stopped = true;
  }

  async #run(): Promise<void> {
    while (this.#waiting.length > 0 && !this.#stopped) {
      await delay(GATHER_MS);
      const round = this.#waiting.splice(0, MAX_EVENTS_PER_ROUND);
      const batches = byOrganisation(round);
      await Promise.all([...batches].map(([orgId, events]) => this.#publishAtLast(orgId, events)));
    }
    this.#running = undefined;
  }

  async #publishAtLast(orgId: string, events: readonly SettledEvent[]): Promise<void> {
    const json = events.map((event) => event.json);
    for (let retryMs = FIRST_RETRY_MS; !this.#stopped; retryMs = Math.min(retryMs * 2, LAST_RETRY_MS)) {
      try {
        await this.ports.publish(orgId, json);
        if (!this.#stopped) await this.ports.published(events.map(({ id }) => id));
        return;
      } catch (error) {
        this.ports.complain(
          `${events.length} usage events of ${orgId} are not published: tried again in ${retryMs} ms.`,
          error,
        );
        await delay(retryMs, undefined, { ref: false });
      }
    }
  }
}

function byOrganisation(events: readonly SettledEvent[]): Map<string, SettledEvent[]> {
  const batches = new Map<string, SettledEvent[]>();
  for (const event of events) {
    const batch = batches.get(event.orgId);
    if (batch === undefined) batches.set(event.orgId, [event]);
    else batch.push(event);
  }
  return batches;
}
