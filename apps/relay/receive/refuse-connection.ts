import type { Socket } from 'node:net';
import { uuidv7 } from 'uuidv7';
import { errorBody, Refusal } from '#protocols/error-body.js';

const reasons: Readonly<Record<string, { status: string; refusal: Refusal }>> = {
  HPE_HEADER_OVERFLOW: {
    status: '431 Request Header Fields Too Large',
    refusal: new Refusal('invalid_request', 'The request headers are larger than 16 KiB: send less.'),
  },
  ERR_HTTP_REQUEST_TIMEOUT: {
    status: '408 Request Timeout',
    refusal: new Refusal('timeout', 'The request did not arrive in time: send it faster.'),
  },
};
const malformed = {
  status: '400 Bad Request',
  refusal: new Refusal('invalid_request', 'What was sent is not an HTTP/1.1 request.'),
};

/** Answers what Node's parser refuses before there is a request, so no path and no protocol: in OpenAI's shape. */
export function refuseConnection(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
  const { status, refusal } = reasons[error.code ?? ''] ?? malformed;
  const requestId = uuidv7();
  const body = JSON.stringify(errorBody('openai-chat', refusal, requestId));
  socket.end(
    `HTTP/1.1 ${status}\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n` +
      `x-request-id: ${requestId}\r\nconnection: close\r\n\r\n${body}`,
  );
}
