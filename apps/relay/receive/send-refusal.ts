import type { ServerResponse } from 'node:http';
import { apiPaths, type Api } from '#protocols/api.js';
import { errorBody, type Refusal, refusalStatus } from '#protocols/error-body.js';

export function sendRefusal(response: ServerResponse, api: Api, refusal: Refusal, requestId: string): void {
  const body = JSON.stringify(errorBody(api, refusal, requestId));
  response.writeHead(refusalStatus(refusal), {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    'x-request-id': requestId,
    ...(refusal.retryAfterSeconds === undefined ? {} : { 'retry-after': String(refusal.retryAfterSeconds) }),
  });
  response.end(body);
}

/** The protocol that a client speaks who asked for something that is not there. */
export function apiOfPath(path: string): Api {
  return path.includes(apiPaths['anthropic-messages']) ? 'anthropic-messages' : 'openai-chat';
}
