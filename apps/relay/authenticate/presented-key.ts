import type { IncomingHttpHeaders } from 'node:http';

/** The headers in which clients of the several protocols send their key, in the order in which they are looked at. */
const KEY_HEADERS = ['x-api-key', 'api-key', 'x-goog-api-key'] as const;

export function presentedKey(headers: IncomingHttpHeaders): string | undefined {
  const bearer = /^Bearer +(\S+) *$/i.exec(headers.authorization ?? '')?.[1];
  if (bearer !== undefined) return bearer;
  for (const name of KEY_HEADERS) {
    const value = headers[name];
    if (typeof value === 'string' && value !== '') return value;
  }
  return undefined;
}
