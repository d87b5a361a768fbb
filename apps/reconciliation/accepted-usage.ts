import { quarantineSubject } from '#contracts/quarantine.js';
import { streams } from '#contracts/streams.js';
import type { UsageEvent } from '#contracts/usage-event.js';
import type { ReadMessage } from '#jetstream/read-batch.js';

/**
 * Tells what the log accepts for the first time from what it holds again. Accepted is a distinct (organisation, event
 * id, data hash): the first content of an id goes its way, any other content of it belongs on QUARANTINE, and so does
 * whatever cannot be read. Fed in log order. Memory: one id and one hash per event.
 */
export class AcceptedUsage {
  readonly #firstHash = new Map<string, string>();
  readonly #quarantined = new Set<string>();

  /** How many events go their way. */
  get count(): number {
    return this.#firstHash.size;
  }

  /** The subjects on QUARANTINE under which the rest has to be found. */
  get quarantined(): ReadonlySet<string> {
    return this.#quarantined;
  }

  /** @returns the events of a message that are accepted for the first time. */
  take({ deliveries, parked }: ReadMessage<UsageEvent>): UsageEvent[] {
    for (const delivery of parked) this.#quarantined.add(quarantineSubject(delivery));
    const fresh: UsageEvent[] = [];
    for (const { event, position } of deliveries) {
      const id = `${event.org} ${event.id}`;
      const first = this.#firstHash.get(id);
      if (first === undefined) {
        this.#firstHash.set(id, event.datahash);
        fresh.push(event);
      } else if (first !== event.datahash) {
        const { org, id: eventId, datahash } = event;
        const stream = streams.usage.name;
        this.#quarantined.add(quarantineSubject({ org, eventId, dataHash: datahash, stream, position }));
      }
    }
    return fresh;
  }
}
