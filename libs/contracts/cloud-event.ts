import { hash } from 'node:crypto';
import { z } from 'zod';
import { canonicalJson } from '#contracts/canonical-json.js';
import { IDENTIFIER } from '#contracts/streams.js';
import { PLAIN_TEXT } from '#usage/plain-text.js';

export const identifier = z.string().regex(IDENTIFIER, 'letters, digits, "_" and "-" only, at most 64');
export const instant = z.iso.datetime({ error: 'not a time in UTC such as 2026-07-01T00:00:00Z' });
/** Text of others: what one store would refuse is invalid for every consumer alike, so none of them stops alone. */
export const text = (most: number) =>
  z.string().max(most).regex(PLAIN_TEXT, 'no control character and no half of a surrogate pair');
/** A name that others gave: of a provider, a model, an event. */
export const name = (most: number) => text(most).min(1);
/** When an event happened. ClickHouse would silently move a time that its hours cannot hold to one that they can. */
export const eventTime = instant.refine((time) => /^(19[7-9]\d|20\d\d)-/.test(time), 'between 1970 and 2099');
/** A decimal string of main units: amounts are never JSON numbers. */
export const amount = z.string().regex(/^-?\d{1,16}(\.\d{1,12})?$/, 'a decimal string with at most 12 decimals');
export const currency = z.string().regex(/^[A-Z]{3}$/, 'an ISO 4217 code');
export const sha256Hex = z.string().regex(/^[0-9a-f]{64}$/);
export const count = z.number().int().nonnegative().max(Number.MAX_SAFE_INTEGER);

/** CloudEvents 1.0 (JSON format) with two extension attributes: the organisation and the hash of the data. */
export function cloudEvent<Type extends string, Data extends z.ZodType>(type: Type, data: Data) {
  return z.object({
    specversion: z.literal('1.0'),
    /** Unique for ever within the organisation. The same id with another `datahash` is quarantined. */
    id: name(128),
    source: name(256),
    type: z.literal(type),
    /** When it happened: for a usage event, when the attempt was opened. */
    time: eventTime,
    datacontenttype: z.literal('application/json'),
    org: identifier,
    datahash: sha256Hex,
    data,
  });
}

/** SHA-256 in hex over the canonical JSON of the data. */
export function dataHash(data: unknown): string {
  return hash('sha256', canonicalJson(data), 'hex');
}

/** Where an event stands in the log: the message's sequence in its stream and its place in the message's batch. */
export const logPosition = z.object({ sequence: count, index: count });
export type LogPosition = z.infer<typeof logPosition>;
