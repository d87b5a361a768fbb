import { randomUUID } from 'node:crypto';
import { decideAnswer } from './decide-answer.js';
import { parseDirectives, type Directives } from './directives.js';
import type { Protocol } from './protocol.js';
import type { RecordedBody } from './recorded-body.js';
import { SandboxError } from './sandbox-error.js';

/** What goes over the wire, and how. */
export interface SandboxResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly chunks: readonly (string | Uint8Array)[];
  readonly delayMs: number;
  readonly chunkDelayMs: number;
  /** Bytes of the body after which the connection is cut; absent when it is not. */
  readonly cutAt?: number;
}

/** @throws SandboxError for what the provider, or the sandbox itself, refuses. */
export async function answerRequest(
  protocol: Protocol,
  body: Uint8Array,
  header: string | undefined,
  readBody: (name: string) => Promise<RecordedBody>,
): Promise<SandboxResponse> {
  const directives = parseDirectives(header);
  const requestId = newRequestId();
  const content = await contentOf(protocol, body, directives, { requestId, readBody });
  const retryAfter: Record<string, string> = directives.status === 429 ? { 'retry-after': '1' } : {};
  return {
    status: directives.status ?? 200,
    headers: { 'content-type': content.contentType, [protocol.requestIdHeader]: requestId, ...retryAfter },
    chunks: content.chunks,
    delayMs: directives['delay-ms'] ?? 0,
    chunkDelayMs: directives['chunk-delay-ms'] ?? 0,
    ...(directives['cut-at'] === undefined ? {} : { cutAt: directives['cut-at'] }),
  };
}

/** An error answer in the protocol's shape. */
export function errorResponse(protocol: Protocol, error: SandboxError): SandboxResponse {
  const requestId = newRequestId();
  return {
    status: error.status,
    headers: { 'content-type': 'application/json', [protocol.requestIdHeader]: requestId },
    chunks: [JSON.stringify(protocol.writeError(error, requestId))],
    delayMs: 0,
    chunkDelayMs: 0,
  };
}

async function contentOf(
  protocol: Protocol,
  body: Uint8Array,
  directives: Directives,
  { requestId, readBody }: { requestId: string; readBody: (name: string) => Promise<RecordedBody> },
): Promise<RecordedBody> {
  const ask = protocol.readAsk(parseJson(body));
  const { status, usage } = directives;
  if (directives.body !== undefined) return readBody(directives.body);
  if (status !== undefined) {
    const error = new SandboxError(status, `The sandbox answers ${status} because x-sandbox asked for it.`);
    return json(protocol.writeError(error, requestId));
  }
  const answer = decideAnswer(body, ask, directives);
  if (!ask.stream) return json(protocol.writeAnswer(answer, usage));
  return { contentType: 'text/event-stream; charset=utf-8', chunks: protocol.writeStream(answer, ask, usage) };
}

function parseJson(body: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(body).toString('utf8'));
  } catch {
    throw new SandboxError(400, 'We could not parse the JSON body of your request.');
  }
}

const json = (value: object): RecordedBody => ({ contentType: 'application/json', chunks: [JSON.stringify(value)] });
const newRequestId = () => `req_${randomUUID().replaceAll('-', '')}`;
