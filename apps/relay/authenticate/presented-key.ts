import type { IncomingMessage } from 'node:http';

/** The headers in which clients of the several protocols send their key, in the order in which they are looked at. */
const KEY_HEADERS = ['x-api-key', 'api-key', 'x-goog-api-key'] as const;

export function presentedKey({ headers, url = '' }: Pick<IncomingMessage, 'headers' | 'url'>): string | undefined {
  const bearer = /^Bearer +(\S+) *$/i.exec(headers.authorization ?? '')?.[1];
  if (bearer !== undefined) return bearer;
  for (const name of KEY_HEADERS) {
    const value = headers[name];
    if (typeof value === 'string' && value !== '') return value;
  }
  // Google's REST clients put it there. The query goes nowhere with it: not upstream, and not into a log.
  const query = url.indexOf('?');
  return query === -1 ? undefined : (new URLSearchParams(url.slice(query)).get('key') ?? undefined);
}
