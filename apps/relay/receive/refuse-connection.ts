import type { ServerResponse } from 'node:http';
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

/** What Node keeps of the response that a connection is at: its own answer to such an error looks at it too. */
interface ServingSocket extends Socket {
  readonly _httpMessage?: ServerResponse | null;
}

/**
 * Answers what Node's parser refuses before there is a request, so no path and no protocol: in OpenAI's shape. Where an
 * answer to a request before it is on its way, the connection is cut off: another one would become a part of that.
 */
export function refuseConnection(error: Error & { code?: string }, socket: ServingSocket): void {
  const isAnswering = socket._httpMessage?.headersSent === true;
  if (error.code === 'ECONNRESET' || !socket.writable || isAnswering) return void socket.destroy();
  const { status, refusal } = reasons[error.code ?? ''] ?? malformed;
  const requestId = uuidv7();
  const body = JSON.stringify(errorBody('openai-chat', refusal, requestId));
  socket.end(
    `HTTP/1.1 ${status}\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n` +
      `x-request-id: ${requestId}\r\nconnection: close\r\n\r\n${body}`,
  );
}
