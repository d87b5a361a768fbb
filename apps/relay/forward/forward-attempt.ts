import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Dispatcher } from 'undici';
import { chatApis, type ChatApi } from '#protocols/chat/chat-api.js';
import { Refusal } from '#protocols/error-body.js';
import type { JsonObject } from '#usage/json.js';
import type { UsageApi } from '#usage/usage-api.js';
import type { PreparedRequest } from '../channels/adapter.js';
import type { Candidate } from '../channels/channel-table.js';
import type { PlannedCandidate } from '../route/scores.js';
import { prepareRequest } from '../channels/prepare-request.js';
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
  const { operation, model, stream } = call;
  const { channel, api } = candidate;
  const converted = convertFor(candidate, call, exchange);
  if (converted instanceof Refusal) return converted;
  const { body, json } = converted ?? call;
  const { sent, hideUsage } = askingBody({ body, json, stream }, candidate);
  const { url = '', headers } = exchange.request;
  const query = url.includes('?') ? url.slice(url.indexOf('?')) : '';
  const asClientCalled = converted === undefined ? { path: operation.path, query } : { query: '' };
  const upstreamRequest = prepareRequest(
    {
      ...asClientCalled,
      requestId: exchange.requestId,
      api,
      method: operation.method,
      model: converted === undefined ? model : candidate.upstreamModel,
      stream,
      headers,
      body: sent,
    },
    candidate,
    new Date(),
  );
  if (upstreamRequest instanceof Refusal) return upstreamRequest;
  const usageApi = converted === undefined ? operation.usageApi : api;
  const source = { provider: channel.provider, api: usageApi, requestedModel: candidate.model };
  return {
    upstreamRequest,
    asked: { body, ...(json !== undefined && { json }) },
    source,
    hideUsage,
    ...(converted !== undefined && { wayBack: converted }),
  };
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

/** undici's own timer is coarse: ours is to come first, which also counts the wait for a connection. */
const UNDICI_PRECISION_MS = 1_000;

/** Sends a request to its channel. The answer goes to the client as it comes. */
export function forwardAttempt(
  upstream: Dispatcher,
  { upstreamRequest, ...how }: PreparedAttempt,
  limits: Pick<AnswerOptions, 'estimator' | 'replaceable' | 'answered' | 'cancels' | 'timeouts'>,
  { requestId, response }: Exchange,
): Answer {
  const answer = new Answer({ ...how, requestId, ...limits }, response);
  const { firstByteMs, idleMs } = limits.timeouts;
  const timeouts = {
    headersTimeout: firstByteMs + UNDICI_PRECISION_MS,
    ...(idleMs !== undefined && { bodyTimeout: idleMs }),
  };
  upstream.dispatch({ ...upstreamRequest, ...timeouts }, answer);
  return answer;
}
