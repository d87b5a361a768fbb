import { countBilledUnits, hasBilledUnits } from './cohere-billed-units.js';
import { asObject, type JsonObject } from './json.js';
import type { Counted, CountingContext, Told, UsageFamily } from './usage-family.js';
import { isDone } from './done-event.js';

/**
 * Cohere chat, version 1 and 2. A stream tells its usage once, in its last event: message-end, or stream-end in
 * version 1. An answer does not name its model.
 * https://docs.cohere.com/v2/reference/chat-stream
 */
export const cohereChat: UsageFamily = {
  usageMembers: ['usage', 'meta'],
  hearAnswer: hear,
  hearEvent: (message, told) => hear(asObject(message['delta']) ?? asObject(message['response']) ?? {}, told),
  isEnd: isDone,
  count,
};

function hear(answer: JsonObject, told: Told): void {
  const usage = asObject(answer['usage']) ?? asObject(answer['meta']);
  if (usage === undefined) return;
  told.usage = usage;
  told.atEnd = true;
}

function count(usage: JsonObject, { note }: CountingContext): Counted {
  const counted = countBilledUnits(usage, note);
  const [segment] = counted.segments;
  const isWhole = segment?.in.fresh?.text !== undefined && segment.out.text !== undefined;
  return { ...counted, complete: isWhole && hasBilledUnits(usage) };
}
