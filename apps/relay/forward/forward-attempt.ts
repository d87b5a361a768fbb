import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Dispatcher } from 'undici';
import { apiPaths } from '#protocols/api.js';
import type { Channel } from '../channels/channel.js';
import type { ModelRequest } from '../receive/read-request.js';
import { Answer, type AnswerOptions } from './answer.js';
import { upstreamHeaders, upstreamQuery } from './forwarded-headers.js';
import { askForUsage } from './include-usage.js';

export interface Exchange {
  readonly requestId: string;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/** Where an attempt goes, and how far it may. */
export interface Destination extends Pick<AnswerOptions, 'estimator' | 'replaceable' | 'firstByteTimeoutMs'> {
  readonly channel: Channel;
}

/** Sends a request to its channel. The answer goes to the client as it comes. */
export function forwardAttempt(
  upstream: Dispatcher,
  { channel, ...limits }: Destination,
  { model, body, json }: ModelRequest,
  { requestId, request, response }: Exchange,
): Answer {
  const isOpenaiStream = channel.protocol === 'openai-chat' && json['stream'] === true;
  const askingBody = isOpenaiStream ? askForUsage(body, json) : undefined;
  const source = { provider: channel.provider, api: channel.protocol, requestedModel: model };
  const answer = new Answer({ source, requestId, hideUsage: askingBody !== undefined, ...limits }, response);
  upstream.dispatch(
    {
      origin: channel.origin,
      path: `${channel.basePath}${apiPaths[channel.protocol]}${upstreamQuery(request.url ?? '')}`,
      method: 'POST',
      headers: upstreamHeaders(request.headers, channel, requestId),
      body: askingBody ?? body,
    },
    answer,
  );
  return answer;
}
