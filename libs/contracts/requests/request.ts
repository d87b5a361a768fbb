import { z } from 'zod';
import { limits } from '#contracts/streams.js';

/**
 * A question that one app answers for others over NATS request/reply. It is asked again when an outage may have lost it,
 * so to answer twice must do no more than to answer once.
 */
export interface RequestContract<Request extends z.ZodType, Reply extends z.ZodType> {
  readonly subject: string;
  readonly request: Request;
  readonly reply: Reply;
}

export function requestContract<Request extends z.ZodType, Reply extends z.ZodType>(
  subject: string,
  request: Request,
  reply: Reply,
): RequestContract<Request, Reply> {
  return { subject, request, reply };
}

/** What a reply says when it is not an answer. `invalid` and `not_found` are the caller's; `unavailable` may pass. */
export const requestError = z.object({
  error: z.object({
    code: z.enum(['invalid', 'not_found', 'conflict', 'unavailable', 'internal']),
    message: z.string(),
  }),
});
export type RequestErrorCode = z.infer<typeof requestError>['error']['code'];

/** Cursor pagination: `after` is the `next` of the page before; a page without `next` is the last. */
export const pageRequest = z.object({
  after: z.string().max(512).exactOptional(),
  limit: z.number().int().min(1).max(limits.maxPageSize).exactOptional(),
});
export const pageOf = <Item extends z.ZodType>(item: Item) =>
  z.object({ items: z.array(item), next: z.string().max(512).exactOptional() });
