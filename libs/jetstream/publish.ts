import { hash } from 'node:crypto';
import type { JetStreamClient } from '@nats-io/jetstream';
import { headers } from '@nats-io/transport-node';
import type { Quarantined } from '#contracts/quarantine.js';
import { quarantineSubject } from '#contracts/quarantine.js';
import { limits } from '#contracts/streams.js';
import { isApiError } from './topology.js';

/** Messages published and not yet acknowledged, per call: enough to hide the round trip, few enough to bound memory. */
const MAX_IN_FLIGHT = 8;
const PUB_ACK_TIMEOUT_MS = 5_000;
const MAX_MESSAGES_PER_SUBJECT_EXCEEDED = 10077;

/** One event is larger than the log takes: its producer has to refuse or shorten it. */
export class EventTooLarge extends Error {
  override readonly name = 'EventTooLarge';
}

/** An event, or the JSON that it has already become. */
export type Publishable = object | string;

/**
 * Publishes events of one organisation in as few messages as the limits allow, in order, and resolves when the log
 * holds all of them. After a rejection some may be on the log: publish the very same events again, which is recognised
 * by content within the duplicate window and by event id for ever.
 * @throws EventTooLarge before anything is published.
 */
export async function publishEvents(
  js: JetStreamClient,
  subject: string,
  events: readonly Publishable[],
): Promise<void> {
  const payloads = packEvents(events);
  // The lanes share one iterator: each takes the next payload, and a failure in one ends it for all.
  const waiting = payloads.values();
  const lane = async () => {
    for (const payload of waiting) await publishPayload(js, subject, payload);
  };
  await Promise.all(Array.from({ length: Math.min(MAX_IN_FLIGHT, payloads.length) }, lane));
}

/** @throws EventTooLarge */
export function packEvents(events: readonly Publishable[]): Buffer[] {
  const payloads: Buffer[] = [];
  let batch: string[] = [];
  // The closing bracket: each event comes with a comma or the opening one.
  let bytes = 1;
  const close = () => {
    if (batch.length > 0) payloads.push(jsonArray(batch, bytes));
    batch = [];
    bytes = 1;
  };
  for (const event of events) {
    const json = typeof event === 'string' ? event : JSON.stringify(event);
    const size = Buffer.byteLength(json);
    if (size > limits.maxEventBytes) {
      const id = typeof event === 'object' && 'id' in event ? ` ${String(event.id)}` : '';
      throw new EventTooLarge(`Event${id} is ${size} bytes of JSON; the log takes at most ${limits.maxEventBytes}.`);
    }
    if (batch.length === limits.maxEventsPerMessage || bytes + size + 1 > limits.maxMessageBytes) close();
    batch.push(json);
    bytes += size + 1;
  }
  close();
  return payloads;
}

const OPENING = 0x5b;
const COMMA = 0x2c;
const CLOSING = 0x5d;

/** @param bytes how long it is: each event is written to its place, and no text of all of them is made first. */
function jsonArray(events: readonly string[], bytes: number): Buffer {
  const array = Buffer.allocUnsafe(bytes);
  let at = 0;
  for (const json of events) {
    array[at] = at === 0 ? OPENING : COMMA;
    at += 1 + array.write(json, at + 1);
  }
  array[at] = CLOSING;
  return array;
}

async function publishPayload(js: JetStreamClient, subject: string, payload: Buffer): Promise<void> {
  const contentType = headers();
  contentType.set('content-type', 'application/cloudevents-batch+json');
  const msgID = hash('sha256', payload, 'hex');
  try {
    await js.publish(subject, payload, { msgID, headers: contentType, timeout: PUB_ACK_TIMEOUT_MS });
  } catch (error) {
    throw notAcknowledged(subject, error);
  }
}

/** Puts what cannot be processed on QUARANTINE. Parking the same thing again is a success: it is there. */
export async function park(js: JetStreamClient, item: Quarantined): Promise<void> {
  const subject = quarantineSubject(item);
  try {
    await js.publish(subject, JSON.stringify(item), { timeout: PUB_ACK_TIMEOUT_MS });
  } catch (error) {
    if (!isApiError(error, MAX_MESSAGES_PER_SUBJECT_EXCEEDED)) throw notAcknowledged(subject, error);
  }
}

function notAcknowledged(subject: string, cause: unknown): Error {
  return new Error(`The log did not acknowledge a message on ${subject}: publish it again.`, { cause });
}
