import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressRanges } from '#policy/address-ranges.js';
import type { BrokerClock } from '../admit/broker-clock.js';
import type { Caller } from '../authenticate/key-directory.js';
import { clientHeaders } from '../forward/forwarded-headers.js';
import type { BodyMemory } from '../receive/body-memory.js';
import { sendJson } from '../server/send-json.js';
import type { CurrentPrices } from '../snapshots/current-prices.js';
import type { BatchMoney } from './batch-money.js';
import type { BatchStore } from './batch-store.js';
import type { BatchUpstream, ToldObject } from './batch-upstream.js';

/** What requests about files and batches need. */
export interface BatchRooms {
  readonly store: BatchStore;
  readonly upstream: BatchUpstream;
  readonly prices: CurrentPrices;
  readonly money: BatchMoney;
  readonly clock: BrokerClock;
  readonly trustedProxies: AddressRanges;
  readonly bodies: BodyMemory;
}

/** A request about files or batches, whose caller may make it. */
export interface BatchExchange {
  readonly requestId: string;
  readonly caller: Caller;
  /** Of the file or batch; empty where the path names none. */
  readonly id: string;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/** The upstream's word, as it told it. */
export function passOn({ response, requestId }: BatchExchange, { status, headers, body }: ToldObject): void {
  response.writeHead(status, clientHeaders({ ...headers, 'content-length': `${body.length}` }, requestId, true));
  response.end(body);
}

const USUAL_PAGE = 20;
const MAX_PAGE = 100;

/** Which of a project's own are asked for, by OpenAI's parameters for pages: the latest first. */
export function pageOf<Kept extends { readonly createdAt: string }>(
  all: readonly [id: string, kept: Kept][],
  { url = '' }: IncomingMessage,
): { readonly page: readonly [id: string, kept: Kept][]; readonly hasMore: boolean } {
  const query = new URLSearchParams(url.includes('?') ? url.slice(url.indexOf('?')) : '');
  const sign = query.get('order') === 'asc' ? 1 : -1;
  const sorted = [...all].sort(([a, one], [b, other]) => {
    const [first, second] = [`${one.createdAt} ${a}`, `${other.createdAt} ${b}`];
    return first < second ? -sign : first > second ? sign : 0;
  });
  const begin = sorted.findIndex(([id]) => id === query.get('after')) + 1;
  const asked = Number(query.get('limit') ?? USUAL_PAGE);
  const size = Number.isInteger(asked) && asked >= 1 ? Math.min(asked, MAX_PAGE) : USUAL_PAGE;
  return { page: sorted.slice(begin, begin + size), hasMore: sorted.length > begin + size };
}

export function sendPage(
  { response, requestId }: BatchExchange,
  { data, hasMore }: { readonly data: readonly object[]; readonly hasMore: boolean },
): void {
  const idOf = (one: object | undefined) => (one !== undefined && 'id' in one ? one.id : null);
  response.setHeader('x-request-id', requestId);
  sendJson(response, {
    object: 'list',
    data,
    first_id: idOf(data[0]),
    last_id: idOf(data.at(-1)),
    has_more: hasMore,
  });
}
