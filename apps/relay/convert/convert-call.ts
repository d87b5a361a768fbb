import type { IncomingMessage } from 'node:http';
import type { ChatApi } from '#protocols/chat/chat-api.js';
import type { Loss } from '#protocols/chat/losses.js';
import { type Conversion, convertRequest } from '#protocols/convert.js';
import { ALLOW_DROPS_HEADER } from '#protocols/dropped-header.js';
import { Refusal } from '#protocols/error-body.js';
import { asObject, type JsonObject } from '#usage/json.js';
import type { ModelCall } from '../receive/read-call.js';

/** Where a call has to be spoken in another protocol than the client's. */
interface Upstream {
  readonly api: ChatApi;
  readonly provider: string;
  readonly model: string;
}

export interface ConvertedCall {
  readonly json: JsonObject;
  readonly body: Buffer;
  /** How the answer comes back. */
  readonly back: Conversion;
  /** What of the request was left out. */
  readonly losses: readonly Loss[];
}

/** @returns a Refusal where the upstream's protocol cannot say what is asked, and the client does not allow it to be dropped. */
export function convertCall(
  { operation, model, stream, json = {} }: Omit<ModelCall, 'unnamed'>,
  upstream: Upstream,
  { request, requestId, now }: { readonly request: IncomingMessage; readonly requestId: string; readonly now: Date },
): ConvertedCall | Refusal {
  if (operation.converts !== true) return notConverted(operation.name, upstream.api);
  if (operation.stream === 'always' && !/[?&]alt=sse(?:&|$)/.test(request.url ?? '')) return ONLY_SSE;
  const common = { id: requestId, now: Math.floor(now.getTime() / 1000) };
  const converted = convertRequest(
    // What can be said depends on the model: on the upstream's.
    operation.protocol === 'gemini' ? json : { ...json, model: upstream.model },
    {
      ...common,
      from: operation.protocol,
      to: upstream.api,
      model: upstream.model,
      stream,
      allowsLosses: request.headers[ALLOW_DROPS_HEADER] === 'true',
    },
  );
  if (converted instanceof Refusal) return converted;
  const back = {
    ...common,
    from: upstream.api,
    to: operation.protocol,
    model,
    provider: upstream.provider,
    includeUsage: asksForUsage(operation.protocol, json),
  };
  return { json: converted.body, body: Buffer.from(JSON.stringify(converted.body)), back, losses: converted.losses };
}

function notConverted(name: string, api: ChatApi): Refusal {
  const why = `${name} cannot be asked through ${api}, by which this model is reached.`;
  return new Refusal('invalid_request', `${why} Ask its provider's own API.`, 'model');
}

const ONLY_SSE = new Refusal(
  'invalid_request',
  'This model is reached through another protocol, which streams server-sent events only: call it with ?alt=sse.',
  'alt',
);

/** Only OpenAI chat tells the usage of a stream to nobody who did not ask. */
function asksForUsage(protocol: ChatApi, json: JsonObject): boolean {
  return protocol !== 'openai-chat' || asObject(json['stream_options'])?.['include_usage'] === true;
}
