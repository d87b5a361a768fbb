import type { ServerResponse } from 'node:http';
import type { ChatApi } from '#protocols/chat/chat-api.js';
import { errorBody, type Refusal, refusalStatus } from '#protocols/error-body.js';

export function sendRefusal(response: ServerResponse, protocol: ChatApi, refusal: Refusal, requestId: string): void {
  const body = JSON.stringify(errorBody(protocol, refusal, requestId));
  response.writeHead(refusalStatus(refusal), {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    'x-request-id': requestId,
    ...(refusal.retryAfterSeconds === undefined ? {} : { 'retry-after': String(refusal.retryAfterSeconds) }),
  });
  response.end(body);
}
