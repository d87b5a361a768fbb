import type { z } from 'zod';
import { ApiError, type RefusedEvent } from '../errors/api-error.js';

/** The first of the issues: one is enough to go on with. */
export function invalidEvent(index: number, { issues }: z.ZodError): RefusedEvent {
  const [issue] = issues;
  const path = issue?.path.map(String) ?? [];
  const param = (issue?.code === 'unrecognized_keys' ? [...path, issue.keys[0]] : path).join('.');
  const what = issue?.code === 'unrecognized_keys' ? 'there is no such field here' : issue?.message;
  return { index, code: 'event_invalid', message: `${param || 'the event'}: ${what}.`, ...(param && { param }) };
}

/**
 * The answer to a request of which anything is refused. All of it is: to who looks at the status alone, a part that was
 * taken would be as lost as the rest.
 */
export function refuseEvents(status: 400 | 409, events: readonly RefusedEvent[]): ApiError {
  const [first] = events;
  if (first === undefined) throw new TypeError('There is nothing to refuse.');
  const others = events.length === 1 ? '' : ` And ${events.length - 1} more: see \`events\`.`;
  const message = `Nothing was taken. Event ${first.index}: ${first.message}${others}`;
  return new ApiError(status, first.code, message, { param: first.param, events });
}
