import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Dispatcher } from 'undici';
import { chatApis, type ChatApi } from '#protocols/chat/chat-api.js';
import { Refusal } from '#protocols/error-body.js';
import type { JsonObject } from '#usage/json.js';
import type { UsageApi } from '#usage/usage-api.js';
import type { ChannelCall, PreparedRequest } from '../channels/adapter.js';
import type { Candidate } from '../channels/channel-table.js';
import type { Channel } from '../channels/channel.js';
import type { PlannedCandidate } from '../route/scores.js';
import { preparePassthrough, prepareRequest } from '../channels/prepare-request.js';
import { type ConvertedCall, convertCall } from '../convert/convert-call.js';
import type { ModelCall } from '../receive/read-call.js';
import { Answer, type AnswerOptions } from './answer.js';
import { askForUsage, withoutStreamOptions } from './include-usage.js';

export interface Exchange {
  readonly requestId: string;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/** A request that is ready to go to its channel. */
export interface PreparedAttempt extends Pick<AnswerOptions, 'source' | 'hideUsage' | 'wayBack'> {
  readonly upstreamRequest: PreparedRequest;
  /** What is asked, in the upstream's protocol. */
  readonly asked: Pick<ModelCall, 'body' | 'json'>;
}

/** @returns a Refusal when the channel cannot be called now, or cannot be asked this. */
export function prepareAttempt(
  candidate: PlannedCandidate,
  call: ModelCall,
  exchange: Exchange,
): PreparedAttempt | Refusal {
  const { operation, stream } = call;
  if (operation.name === 'passthrough') return prepareUnread(candidate, call, exchange);
  const { channel, api } = candidate;
  const converted = convertFor(candidate, call, exchange);
  if (converted instanceof Refusal) return converted;
  const { body, json } = converted ?? call;
  const { sent, hideUsage } = askingBody({ body, json, stream }, candidate);
  const { headers } = exchange.request;
  const channelCall: ChannelCall = {
    requestId: exchange.requestId,
    api,
    method: operation.method,
    path: converted === undefined ? operation.path : undefined,
    query: converted === undefined ? queryOf(exchange.request) : '',
    model: converted === undefined ? call.model : candidate.upstreamModel,
    unnamed: converted === undefined && call.unnamed,
    stream,
    headers,
    body: sent,
  };
  const upstreamRequest = prepareRequest(channelCall, candidate, new Date());
  if (upstreamRequest instanceof Refusal) return upstreamRequest;
  const usageApi = converted === undefined ? operation.usageApi : api;
  return {
    upstreamRequest,
    asked: { body, json },
    source: { provider: channel.provider, api: usageApi, requestedModel: candidate.model },
    hideUsage,
    wayBack: converted,
  };
}

function prepareUnread(
  { channel, model }: PlannedCandidate,
  { operation, body }: ModelCall,
  { requestId, request }: Exchange,
): PreparedAttempt | Refusal {
  const { method, path, usageApi, unmetered } = operation;
  const unread = { requestId, method, path, query: queryOf(request), headers: request.headers, body };
  const upstreamRequest = preparePassthrough(unread, channel, new Date());
  if (upstreamRequest instanceof Refusal) return upstreamRequest;
  const api = unmetered === true ? channel.apis[0]! : usageApi;
  const source = { provider: channel.provider, api, requestedModel: model };
  return { upstreamRequest, asked: { body, json: undefined }, source, hideUsage: false };
}

function queryOf({ url = '' }: IncomingMessage): string {
  const at = url.indexOf('?');
  return at === -1 ? '' : url.slice(at);
}

/** Their streams tell usage only when asked to. */
const ASKED_FOR_USAGE: ReadonlySet<UsageApi> = new Set(['openai-chat', 'openai-completions']);

function askingBody(
  { body, json, stream }: Streamed,
  { channel, api }: Candidate,
): { sent: Buffer; hideUsage: boolean } {
  if (!stream || json === undefined || !ASKED_FOR_USAGE.has(api)) return { sent: body, hideUsage: false };
  if (channel.adapter.refusesStreamOptions === true)
    return { sent: withoutStreamOptions(body, json), hideUsage: false };
  const asking = askForUsage(body, json);
  return { sent: asking ?? body, hideUsage: asking !== undefined };
}

interface Streamed {
  readonly body: Buffer;
  readonly json: JsonObject | undefined;
  readonly stream: boolean;
}

/** @returns undefined where the channel speaks the client's protocol. */
function convertFor(
  { channel, api, upstreamModel }: Candidate,
  call: ModelCall,
  { request, requestId }: Exchange,
): ConvertedCall | Refusal | undefined {
  if (api === call.operation.api) return undefined;
  const spoken = chatApis.find((one): one is ChatApi => one === api);
  if (spoken === undefined)
    throw new Error(`A candidate for ${call.operation.name} speaks ${api}, which nothing converts to.`);
  const upstream = { api: spoken, provider: channel.provider, model: upstreamModel };
  return convertCall(call, upstream, { request, requestId, now: new Date() });
}

/** The answer's own timer, which counts the wait for a connection too, does without undici's coarse one. */
const NO_HEADERS_TIMEOUT = 0;

/** Models may think for minutes before their first byte and between two: the official SDKs wait ten. */
const USUAL_TIMEOUT_MS = 600_000;

/** How long its channel gives an attempt, and what else is different per attempt. */
type AttemptLimits = Pick<AnswerOptions, 'estimator' | 'replaceable' | 'answered' | 'cancels'> & {
  readonly timeouts: NonNullable<Channel['timeouts']>;
};

/** Sends a request to its channel. The answer goes to the client as it comes. */
export function forwardAttempt(
  upstream: Dispatcher,
  { upstreamRequest, source, hideUsage, wayBack }: PreparedAttempt,
  { estimator, replaceable, answered, cancels, timeouts }: AttemptLimits,
  { requestId, response }: Exchange,
): Answer {
  const { firstByteMs = USUAL_TIMEOUT_MS, idleMs = USUAL_TIMEOUT_MS, totalMs } = timeouts;
  const answer = new Answer(
    {
      source,
      hideUsage,
      wayBack,
      requestId,
      estimator,
      replaceable,
      answered,
      cancels,
      timeouts: { firstByteMs, totalMs },
    },
    response,
  );
  const { origin, path, method, headers, body } = upstreamRequest;
  upstream.dispatch(
    { origin, path, method, headers, body, headersTimeout: NO_HEADERS_TIMEOUT, bodyTimeout: idleMs },
    answer,
  );
  return answer;
}
