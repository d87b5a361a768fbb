import type { JetStreamManager, StoredMsg } from '@nats-io/jetstream';
import { type Quarantined, quarantined } from '#contracts/quarantine.js';
import { streams } from '#contracts/streams.js';

/** Messages asked for at once, and in all for one page: an organisation's own may be few among many. */
const windowSize = 50;
const maxScanned = 1_000;

export interface QuarantinePage {
  readonly items: readonly (Quarantined & { readonly sequence: number })[];
  /** Where the next page begins; absent when the stream's begin was reached. */
  readonly before?: number;
}

/** Reads QUARANTINE from its newest message, or from below `before`, backwards. A page may be short, and yet not the last. */
export async function readQuarantine(
  manager: JetStreamManager,
  { orgId, before, limit }: { readonly orgId?: string; readonly before?: number; readonly limit: number },
): Promise<QuarantinePage> {
  const { state } = await manager.streams.info(streams.quarantine.name);
  // An empty stream says 0; sequences begin with 1.
  const first = Math.max(1, state.first_seq);
  let end = Math.min(before ?? Infinity, state.last_seq + 1);
  const floor = Math.max(first, end - maxScanned);
  const items: (Quarantined & { sequence: number })[] = [];
  while (end > floor && items.length < limit) {
    const start = Math.max(floor, end - Math.min(windowSize, limit - items.length));
    for (const message of await readWindow(manager, start, end)) {
      const item = quarantined.parse(message.json());
      if (orgId === undefined || item.org === orgId) items.push({ sequence: message.seq, ...item });
    }
    end = start;
  }
  return end > first ? { items, before: end } : { items };
}

/** Newest first. What was taken out of quarantine leaves gaps. */
async function readWindow(manager: JetStreamManager, start: number, end: number): Promise<StoredMsg[]> {
  const sequences = Array.from({ length: end - start }, (_, i) => end - 1 - i);
  const messages = await Promise.all(
    sequences.map((seq) => manager.streams.getMessage(streams.quarantine.name, { seq })),
  );
  return messages.filter((message) => message !== null);
}
