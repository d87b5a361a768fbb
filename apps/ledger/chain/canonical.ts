import { hash } from 'node:crypto';

/** A field of a row as Postgres writes it as text; null is NULL. */
export type Field = string | null;

/** The type of every field: https://www.postgresql.org/docs/current/datatype-oid.html, `text`. */
const textOid = 25;
const noValue = -1;

/**
 * SHA-256 over a row in Postgres' binary form of a record, as record_send writes it: the number of fields, then of each
 * its type, its length (-1 for NULL) and its bytes in UTF-8; every number in 4 bytes, big-endian. Lengths keep two rows
 * apart whose fields only run together alike.
 */
export function leafOf(fields: readonly Field[]): Buffer {
  const lengths = fields.map((field) => (field === null ? noValue : Buffer.byteLength(field)));
  const bytes = Buffer.allocUnsafe(lengths.reduce((sum, length) => sum + 8 + Math.max(0, length), 4));
  let at = bytes.writeInt32BE(fields.length, 0);
  fields.forEach((field, index) => {
    at = bytes.writeInt32BE(textOid, at);
    at = bytes.writeInt32BE(lengths[index] ?? noValue, at);
    if (field !== null) at += bytes.write(field, at, 'utf8');
  });
  return hash('sha256', bytes, 'buffer');
}

export const leafLength = 32;

/** The hash before the first block's. */
export const noBlock = '0'.repeat(2 * leafLength);

/** What a block's hash covers. Hashes are in lower hex. */
export interface BlockContent {
  readonly height: string;
  readonly xid: string;
  readonly sealedAtMicros: string;
  readonly previous: string;
  /** Of each page in order: the table whose rows it has, and SHA-256 over its leaves. */
  readonly pages: readonly { readonly source: string; readonly digest: string }[];
}

export function hashOfBlock({ height, xid, sealedAtMicros, previous, pages }: BlockContent): string {
  const lines = pages.map(({ source, digest }) => `${source} ${digest}`).join('\n');
  return leafOf([height, xid, sealedAtMicros, previous, pages.length === 0 ? null : lines]).toString('hex');
}
