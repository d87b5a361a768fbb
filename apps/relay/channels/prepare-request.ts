import { Refusal } from '#protocols/error-body.js';
import type { UsageApi } from '#usage/usage-api.js';
import { upstreamHeaders, upstreamQuery } from '../forward/forwarded-headers.js';
import type { ChannelCall, PreparedRequest, UpstreamCall } from './adapter.js';
import type { Channel } from './channel.js';
import type { Candidate } from './channel-table.js';
import { ownPath } from './own-path.js';
import { renameModel } from './rename-model.js';

/** The header in which an API's own provider wants the credential. All others want a bearer. */
const ownCredentialHeaders: Partial<Record<UsageApi, string>> = {
  'anthropic-messages': 'x-api-key',
  gemini: 'x-goog-api-key',
  'gemini-interactions': 'x-goog-api-key',
};

/** Anthropic has had no other since 2023, and refuses a request without one. */
const ANTHROPIC_VERSION = '2023-06-01';

const ANY_VERSION = /\/v\d+[a-z0-9]*(\/|$)/;
const LEADING_VERSION = /^\/v\d+[a-z0-9]*/;

/**
 * The request that goes upstream for a call: to the channel's address, under the upstream's name of the model, with the
 * channel's credential and none of the client's.
 * @returns a Refusal while the channel has no valid credential.
 */
export function prepareRequest(call: ChannelCall, candidate: Candidate, now: Date): PreparedRequest | Refusal {
  const { channel, upstreamModel } = candidate;
  const { adapter, settings, credential } = channel;
  const secret = credential?.current();
  if (credential !== undefined && secret === undefined) return noCredential(call.model);
  try {
    const { api, stream } = call;
    const upstreamCall = { api, stream, model: upstreamModel, path: ownPath(call, upstreamModel) };
    const plain: PreparedRequest = {
      origin: channel.origin,
      path: withQuery(pathOf(upstreamCall, channel), upstreamQuery(call.query)),
      method: call.method,
      headers: headersOf(call),
      body: renameModel(call, upstreamModel),
    };
    const { path, method, headers, body } = adapter.prepare?.(plain, upstreamCall, settings) ?? plain;
    // A channel's credential goes to the channel's address and nowhere else.
    return authenticated({ origin: channel.origin, path, method, headers, body }, channel, { api, secret, now });
  } catch (error) {
    // eslint-disable-next-line preserve-caught-error -- an adapter's error may show the secret that it was given
    throw new Error(`The adapter "${adapter.name}" could not prepare a request: ${sentenceOf(error, secret)}`);
  }
}

/** What goes upstream unread: to the path that the client asks for, below the channel's address. */
export function preparePassthrough(
  { requestId, method, path, query, headers, body }: UnreadCall,
  channel: Channel,
  now: Date,
): PreparedRequest | Refusal {
  const { origin, basePath, credential, apis } = channel;
  const secret = credential?.current();
  if (credential !== undefined && secret === undefined) return noCredential(`${method} ${path}`);
  const target = `${basePath}${path}${upstreamQuery(query)}`;
  const plain = { origin, path: target, method, headers: upstreamHeaders(headers, requestId), body };
  return authenticated(plain, channel, { api: apis[0]!, secret, now });
}

/**
 * The request of a health check: a GET, which generates nothing anywhere, with the channel's credential.
 * @returns undefined while the channel has no valid credential.
 */
export function prepareCheck(channel: Channel, now: Date): PreparedRequest | undefined {
  const { adapter, origin, credential } = channel;
  const secret = credential?.current();
  if (credential !== undefined && secret === undefined) return undefined;
  const api = channel.apis.find((one) => typeof adapter.apis[one] === 'string') ?? channel.apis[0]!;
  const headers = api === 'anthropic-messages' ? { 'anthropic-version': ANTHROPIC_VERSION } : {};
  const plain = { origin, path: checkPath(channel, api), method: 'GET', headers, body: Buffer.alloc(0) };
  try {
    return authenticated(plain, channel, { api, secret, now });
  } catch (error) {
    // eslint-disable-next-line preserve-caught-error -- as above
    throw new Error(`The adapter "${adapter.name}" could not sign a health check: ${sentenceOf(error, secret)}`);
  }
}

function checkPath({ healthCheck, adapter, basePath }: Channel, api: UsageApi): string {
  const path = healthCheck?.path ?? adapter.healthPath;
  if (path !== undefined) return `${basePath}${belowVersion(path, basePath)}`;
  const where = adapter.apis[api];
  return typeof where === 'string' ? `${basePath}${belowVersion(where, basePath)}/models` : `${basePath}/`;
}

type UnreadCall = Omit<ChannelCall, 'api' | 'path' | 'model' | 'unnamed' | 'stream'> & { readonly path: string };

interface Authenticating {
  readonly api: UsageApi;
  readonly secret: string | undefined;
  readonly now: Date;
}

function authenticated(request: PreparedRequest, channel: Channel, { api, secret, now }: Authenticating) {
  if (secret === undefined) return request;
  const { adapter, settings } = channel;
  const proof = adapter.sign?.(request, { secret, settings, now }) ?? credentialHeader(channel, api, secret);
  return { ...request, headers: { ...request.headers, ...proof } };
}

function noCredential(model: string): Refusal {
  return new Refusal('unavailable', `The upstream of "${model}" cannot be called at the moment: try again later.`);
}

function pathOf(call: UpstreamCall, { adapter, basePath, settings }: Channel): string {
  const where = adapter.apis[call.api];
  if (where === undefined) throw new Error(`it does not serve the API "${call.api}".`);
  if (typeof where === 'function') return `${basePath}${where(call, settings)}`;
  return `${basePath}${belowVersion(where, basePath)}${call.path}`;
}

function belowVersion(where: string, basePath: string): string {
  return ANY_VERSION.test(basePath) ? where.replace(LEADING_VERSION, '') : where;
}

function headersOf({ headers, requestId, path, api }: ChannelCall): Record<string, string> {
  const forwarded = upstreamHeaders(headers, requestId);
  if (path !== undefined) return forwarded;
  // Of a call in another API: what its client told a provider of that API means nothing to this one.
  const converted = Object.entries(forwarded).filter(([name]) => !/^(anthropic|openai|x-goog|x-stainless)-/.test(name));
  const version = api === 'anthropic-messages' ? { 'anthropic-version': ANTHROPIC_VERSION } : {};
  return { ...Object.fromEntries(converted), ...version, 'content-type': 'application/json' };
}

function credentialHeader({ adapter }: Channel, api: UsageApi, secret: string): Record<string, string> {
  const header = adapter.credentialHeader ?? ownCredentialHeaders[api] ?? 'authorization';
  return { [header]: header === 'authorization' ? `Bearer ${secret}` : secret };
}

/** What the adapter's path says of itself wins over what the client's says. */
function withQuery(path: string, clientQuery: string): string {
  if (clientQuery === '') return path;
  const at = path.indexOf('?');
  if (at === -1) return `${path}${clientQuery}`;
  const query = new URLSearchParams(clientQuery);
  for (const [name, value] of new URLSearchParams(path.slice(at))) query.set(name, value);
  return `${path.slice(0, at)}?${query.toString()}`;
}

function sentenceOf(error: unknown, secret: string | undefined): string {
  const sentence = error instanceof Error ? error.message : 'it threw no error.';
  return secret === undefined ? sentence : sentence.replaceAll(secret, '(the secret)');
}
