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
  // These would have Google answer without the usage, or do something else (https://cloud.google.com/apis/docs/system-parameters).
  'x-goog-fieldmask',
  'x-http-method-override',
]);

/** Told by the client or a proxy to the relay; and AWS's, which belong to a signature. */
const FOR_US = /^x-(?:forwarded|tollgate|amz)-/;

/** Where providers take a credential from the query. */
const CREDENTIALS_IN_QUERY = ['key', 'access_token', 'oauth_token', 'api_key', 'api-key', 'subscription-key'];

/** Google's parameters of the system: by some an answer comes without its usage, or in a form in which it is not read. */
const OF_THE_ANSWER = ['fields', 'callback'];
const READABLE_ALTS = new Set(['json', 'sse']);

const NOT_TO_CLIENT: ReadonlySet<string> = new Set([
  ...HOP_BY_HOP,
  'proxy-authenticate',
  'set-cookie',
  'alt-svc',
  'openai-organization',
  'openai-project',
  'anthropic-organization-id',
  // A client that follows it would take its key to wherever an upstream says.
  'location',
]);

/** Of our account at the provider or gateway: a client has limits and costs of its own. */
const OF_OUR_ACCOUNT = /^(?:(?:x|anthropic)-ratelimit-|x-litellm-|llm_provider-)/;

/** The client's end-to-end headers without its credentials: the channel adds its own. */
export function upstreamHeaders(client: IncomingHttpHeaders, requestId: string): Record<string, string> {
  const headers: Record<string, string> = {};
  const named = connectionNames(client.connection);
  for (const name of Object.keys(client)) {
    const value = client[name];
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
  for (const name of Object.keys(upstream)) {
    const value = upstream[name];
    if (value === undefined || NOT_TO_CLIENT.has(name) || named.has(name) || OF_OUR_ACCOUNT.test(name)) continue;
    if (name === 'content-length' && !sameLength) continue;
    headers[name === 'x-request-id' || name === 'request-id' ? `x-upstream-${name}` : name] = value;
  }
  headers['x-request-id'] = requestId;
  return headers;
}

/** The query goes upstream without the client's credential, and without what would hide the usage. @param search with its `?`, or empty. */
export function upstreamQuery(search: string): string {
  if (search === '') return '';
  const query = new URLSearchParams(search);
  for (const name of [...query.keys()]) {
    const isHarmful = CREDENTIALS_IN_QUERY.includes(name) || OF_THE_ANSWER.includes(name) || name.startsWith('$');
    const isUnreadable = name === 'alt' && !query.getAll(name).every((alt) => READABLE_ALTS.has(alt));
    if (isHarmful || isUnreadable) query.delete(name);
  }
  return query.size === 0 ? '' : `?${query.toString()}`;
}

function connectionNames(connection: string | undefined): ReadonlySet<string> {
  if (connection === undefined || connection === 'keep-alive' || connection === 'close') return NONE;
  return new Set(connection.split(',').map((name) => name.trim().toLowerCase()));
}

const NONE: ReadonlySet<string> = new Set();
