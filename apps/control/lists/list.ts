import { z } from 'zod';
import { limits } from '#contracts/streams.js';

const defaultPageSize = 100;

/** The query of every paged list. Extend it with the list's own filters. */
export const pageQuery = z.strictObject({
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .max(limits.maxPageSize)
    .default(defaultPageSize)
    .describe('The most items that the page holds.'),
  after: z.string().min(1).max(512).exactOptional().describe('The `next_cursor` of the page before.'),
});
export type PageQuery = z.infer<typeof pageQuery>;

/** A page in the shape of the model providers' lists. */
export function listOf<Item extends z.ZodType>(item: Item) {
  return z.object({
    data: z.array(item),
    has_more: z.boolean(),
    next_cursor: z.string().exactOptional().describe('Send it as `after` for the next page. Absent on the last one.'),
  });
}
export interface List<Item> {
  readonly data: readonly Item[];
  readonly has_more: boolean;
  readonly next_cursor?: string;
}

export function list<Item>(data: readonly Item[], next?: string): List<Item> {
  return { data, has_more: next !== undefined, ...(next === undefined ? {} : { next_cursor: next }) };
}
