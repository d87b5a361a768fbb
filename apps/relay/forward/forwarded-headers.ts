import type { IncomingHttpHeaders } from 'node:http';

/** RFC 9110, 7.6.1: these speak about one connection. A `Connection` header may name more. */
const HOP_BY_HOP = ['connection', 'keep-alive', 'proxy-connection', 'te', 'trailer', 'transfer-encoding', 'upgrade'];

/** The client's credentials, what is told anew, and whatever would choose the account that the provider bills. */
const NOT_UPSTREAM: ReadonlySet<string> = new Set([
  ...HOP_BY_HOP,
  'authorization',
  'x-api-key',
  'api-key',
  'x-goog-api-key',
  'x-goog-user-project',
  'x-litellm-api-key',
  'ocp-apim-subscription-key',
  'proxy-authorization',
  'cookie',
  'openai-organization',
  'openai-project',
  'host',
  'content-length',
  'expect',
  'accept-encoding',
  'x-request-id',
  'forwarded',
  'via',
  'x-real-ip',
]);

/** Told by the client or a proxy to the relay; and AWS's, which belong to a signature. */
const FOR_US = /^x-(?:forwarded|tollgate|amz)-/;

/** Where providers take a credential from the query. */
const CREDENTIALS_IN_QUERY = ['key', 'access_token', 'api_key', 'api-key', 'subscription-key'];

const NOT_TO_CLIENT: ReadonlySet<string> = new Set([
  ...HOP_BY_HOP,
  'proxy-authenticate',
  'set-cookie',
  'alt-svc',
  'openai-organization',
  'openai-project',
]);

/** Of our account at the provider: a client has limits of its own. */
const LIMITS_OF_OURS = /^(?:x|anthropic)-ratelimit-/;

/** The client's end-to-end headers without its credentials: the channel adds its own. */
export function upstreamHeaders(client: IncomingHttpHeaders, requestId: string): Record<string, string> {
  const headers: Record<string, string> = {};
  const named = connectionNames(client.connection);
  for (const [name, value] of Object.entries(client)) {
    if (value === undefined || NOT_UPSTREAM.has(name) || named.has(name) || FOR_US.test(name)) continue;
    headers[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  // Usage is read from the bytes as they pass, so they are asked for uncompressed.
  headers['accept-encoding'] = 'identity';
  headers['x-request-id'] = requestId;
  return headers;
}

/** The upstream's end-to-end headers under our request id; its own is told beside it. */
export function clientHeaders(
  upstream: IncomingHttpHeaders,
  requestId: string,
  sameLength: boolean,
): Record<string, string | string[]> {
  const headers: Record<string, string | string[]> = {};
  const named = connectionNames(upstream.connection);
  for (const [name, value] of Object.entries(upstream)) {
    if (value === undefined || NOT_TO_CLIENT.has(name) || named.has(name) || LIMITS_OF_OURS.test(name)) continue;
    if (name === 'content-length' && !sameLength) continue;
    headers[name === 'x-request-id' || name === 'request-id' ? `x-upstream-${name}` : name] = value;
  }
  headers['x-request-id'] = requestId;
  return headers;
}

/** The query goes upstream without the client's credential. @param search with its `?`, or empty. */
export function upstreamQuery(search: string): string {
  if (search === '') return '';
  const query = new URLSearchParams(search);
  for (const name of CREDENTIALS_IN_QUERY) query.delete(name);
  return query.size === 0 ? '' : `?${query.toString()}`;
}

function connectionNames(connection: string | undefined): ReadonlySet<string> {
  if (connection === undefined || connection === 'keep-alive' || connection === 'close') return NONE;
  return new Set(connection.split(',').map((name) => name.trim().toLowerCase()));
}

const NONE: ReadonlySet<string> = new Set();
