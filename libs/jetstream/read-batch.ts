import { isUtf8 } from 'node:buffer';
import type { JsMsg } from '@nats-io/jetstream';
import { z } from 'zod';
import type { LogPosition } from '#contracts/cloud-event.js';
import { identifier } from '#contracts/cloud-event.js';
import type { Quarantined } from '#contracts/quarantine.js';
import { limits, streams } from '#contracts/streams.js';
import type { Delivered, EventOf, StreamKey } from './handlers.js';
import { acceptedAs, eventSchemas } from './stream-events.js';

/** A message of the log, read: what can be handled, and what has to be parked. */
export interface ReadMessage<Event> {
  readonly deliveries: readonly Delivered<Event>[];
  readonly parked: readonly ParkedDelivery[];
}

/** What is known of a delivery that no handler will see; the consumer adds who parks it and when. */
export type ParkedDelivery = Omit<Quarantined, 'parkedBy' | 'parkedAt'>;

const MAX_DETAIL = 1024;

/** Reads one message: a JSON array of events of the organisation that its subject names. Never throws. */
export function readMessage<Key extends StreamKey>(key: Key, message: JsMsg): ReadMessage<EventOf<Key>> {
  const place = (index: number): LogPosition => ({ sequence: message.seq, index });
  const org = message.subject.slice(message.subject.lastIndexOf('.') + 1);
  const batch = decode(message.data);
  const stream = streams[key].name;
  if (batch instanceof Error) {
    const reason = { code: 'undecodable' as const, detail: batch.message.slice(0, MAX_DETAIL) };
    return { deliveries: [], parked: [{ reason, stream, position: place(0), ...readableOrg(org) }] };
  }
  const deliveries: Delivered<EventOf<Key>>[] = [];
  const parked: ParkedDelivery[] = [];
  batch.forEach((candidate, index) => {
    const checked = check(key, org, candidate);
    if (typeof checked !== 'string') return deliveries.push({ event: checked, position: place(index) });
    const reason = { code: 'invalid' as const, detail: checked.slice(0, MAX_DETAIL) };
    return parked.push({
      reason,
      stream,
      position: place(index),
      ...readableOrg(org),
      ...readableIdentity(key, candidate),
    });
  });
  return { deliveries, parked };
}

function decode(data: Uint8Array): unknown[] | Error {
  if (!isUtf8(data)) return new Error('The message is not UTF-8.');
  try {
    const text = Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString();
    const batch: unknown = JSON.parse(text);
    if (!Array.isArray(batch)) return new Error('The message is JSON, but not an array of events.');
    if (batch.length <= limits.maxEventsPerMessage) return batch as unknown[];
    return new Error(`The message holds ${batch.length} events; the most is ${limits.maxEventsPerMessage}.`);
  } catch {
    // The engine's own message quotes the text, which may hold anything.
    return new Error('The message is not JSON.');
  }
}

/** The event, or the sentence that says why it is none. */
function check<Key extends StreamKey>(key: Key, org: string, candidate: unknown): EventOf<Key> | string {
  const parsed = eventSchemas[key].safeParse(candidate);
  if (!parsed.success) return z.prettifyError(parsed.error);
  if (parsed.data.org !== org) return `The event is of organisation ${parsed.data.org}, its subject is of ${org}.`;
  return parsed.data as EventOf<Key>;
}

function readableOrg(org: string): { org?: string } {
  return identifier.safeParse(org).success ? { org } : {};
}

function readableIdentity(key: StreamKey, candidate: unknown): Partial<ParkedDelivery> {
  const parsed = acceptedAs[key].safeParse(candidate);
  return parsed.success ? parsed.data : {};
}
