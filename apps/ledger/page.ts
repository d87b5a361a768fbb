import { z } from 'zod';
import { limits } from '#contracts/streams.js';
import { RequestFailure } from '#jetstream/request-failure.js';

const defaultPageSize = 100;

export interface PageRequest {
  readonly after?: string;
  readonly limit?: number;
}

/** The sort key of the last item of a page, as the texts that the next page's query compares with. */
export type Cursor = readonly (string | null)[];

export interface Page<Item> {
  readonly items: Item[];
  readonly next?: string;
}

/** How many items a page may have. The contract refuses more than the maximum; this holds whoever calls. */
export const pageSize = ({ limit = defaultPageSize }: PageRequest) => Math.min(limit, limits.maxPageSize);

/**
 * What a query for the next page compares with: as many values as the sort key has, all null on the first page.
 * @throws RequestFailure `invalid` when `after` is not what an earlier page of the same list said.
 */
export function cursorOf({ after }: PageRequest, length: number): Cursor {
  if (after === undefined) return Array.from({ length }, () => null);
  const cursor = z
    .array(z.string())
    .length(length)
    .safeParse(parseJson(Buffer.from(after, 'base64url').toString()));
  if (cursor.success) return cursor.data;
  throw new RequestFailure('invalid', '"after" is not a cursor of this list: pass the "next" of an earlier page.');
}

/** @param rows one more than a page holds, where there are more. @param keyOf an item's sort key. */
export function toPage<Row, Item>(
  rows: readonly Row[],
  size: number,
  keyOf: (row: Row) => readonly string[],
  toItem: (row: Row) => Item,
): Page<Item> {
  const shown = rows.slice(0, size);
  const last = shown.at(-1);
  const items = shown.map(toItem);
  if (last === undefined || rows.length <= size) return { items };
  return { items, next: Buffer.from(JSON.stringify(keyOf(last))).toString('base64url') };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
