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

/** What one organisation's events wait for: each in its turn, and none for another's. */
interface Line {
  waiting: SettledEvent[];
  readonly running: Promise<void>;
}

/**
 * Brings settled events to JetStream, each organisation's in batches, and tries for ever: while NATS is away, or takes
 * nothing of one organisation, they wait here and in the journal. A batch that failed is sent again as it was, so that
 * JetStream recognises what it has.
 */
export class Publisher {
  readonly #lines = new Map<string, Line>();
  #stopped = false;

  constructor(private readonly ports: PublisherPorts) {}

  add(event: SettledEvent): void {
    const line = this.#lines.get(event.orgId);
    if (line !== undefined) line.waiting.push(event);
    else this.#lines.set(event.orgId, { waiting: [event], running: this.#run(event.orgId) });
  }

  /** Resolves when JetStream holds all that was added. */
  async idle(): Promise<void> {
    while (this.#lines.size > 0) await Promise.all([...this.#lines.values()].map(({ running }) => running));
  }

  /** Publishes what it can within `maxMs`. The rest stays in the journal for the next start. */
  async stop(maxMs: number): Promise<void> {
    await Promise.race([this.idle(), delay(maxMs, undefined, { ref: false })]);
    this.#stopped = true;
  }

  async #run(orgId: string): Promise<void> {
    await delay(GATHER_MS);
    for (let line = this.#lines.get(orgId); line !== undefined; line = this.#lines.get(orgId)) {
      await this.#publishAtLast(orgId, line.waiting.splice(0, MAX_EVENTS_PER_ROUND));
      if (line.waiting.length === 0 || this.#stopped) this.#lines.delete(orgId);
      else await delay(GATHER_MS);
    }
  }

  async #publishAtLast(orgId: string, events: readonly SettledEvent[]): Promise<void> {
    const json = events.map((event) => event.json);
    for (let retryMs = FIRST_RETRY_MS; !this.#stopped; retryMs = Math.min(retryMs * 2, LAST_RETRY_MS)) {
      try {
        await this.ports.publish(orgId, json);
        if (!this.#stopped) await this.ports.published(events.map(({ id }) => id));
        return;
      } catch (error) {
        if (retryMs === FIRST_RETRY_MS) this.#complain(orgId, error);
        await delay(retryMs, undefined, { ref: false });
      }
    }
  }

  #complain(orgId: string, error: unknown): void {
    this.ports.complain(`Usage events of ${orgId} are not published: they are tried again until they are.`, error);
  }
}
