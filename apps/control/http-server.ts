import { randomUUID } from 'node:crypto';
import type { Socket } from 'node:net';
import { UnsupportedMediaTypeException } from '@nestjs/common';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { ApiError } from './errors/api-error.js';

/** Named maxima of a request. Nothing that this API takes comes near them. */
const maxBodyBytes = 64 * 1024;
/** Of CloudEvents in structured mode, which come in batches. */
const maxEventsBytes = 1024 * 1024;
const maxHeaderBytes = 16 * 1024;
const maxHeaders = 64;
const maxParamCharacters = 128;
/** For the headers and the body to arrive: a client that dawdles frees its connection. */
const receiveTimeoutMs = 5_000;
const keepAliveMs = 65_000;

/** The HTTP server with its limits. It speaks JSON only, uncompressed, and names every request itself. */
export function createHttpServer(): FastifyAdapter {
  const adapter = new FastifyAdapter({
    bodyLimit: maxBodyBytes,
    requestTimeout: receiveTimeoutMs,
    keepAliveTimeout: keepAliveMs,
    routerOptions: { maxParamLength: maxParamCharacters },
    http: { maxHeaderSize: maxHeaderBytes, headersTimeout: receiveTimeoutMs, connectionsCheckingInterval: 1_000 },
    // A client's own id would let two requests pass for one.
    requestIdHeader: false,
    genReqId: () => `req_${randomUUID()}`,
    // Of a URL that the router cannot read.
    frameworkErrors: (error: FastifyError, request: FastifyRequest, reply: FastifyReply) => {
      const refusal = new ApiError(error.statusCode === 414 ? 414 : 400, 'url_invalid', `${error.message}.`);
      void reply.status(refusal.status).headers(headersOf(request)).send(refusal.body(request.id));
    },
    clientErrorHandler: answerUnreadable,
  });
  const fastify = adapter.getInstance();
  const parseJson = fastify.getDefaultJsonParser('error', 'error');
  // A signature is over bytes: they are kept beside what they mean.
  fastify.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body: Buffer, done) => {
    request.rawBody = body;
    // Many clients name the type of a body that they do not send, above all with DELETE.
    if (body.length === 0) return done(null, undefined);
    void parseJson(request, body.toString(), done);
  });
  const cloudEvents = ['application/cloudevents+json', 'application/cloudevents-batch+json'];
  fastify.addContentTypeParser(cloudEvents, { parseAs: 'string', bodyLimit: maxEventsBytes }, parseJson);
  fastify.server.maxHeadersCount = maxHeaders;
  fastify.addHook('onRequest', async (request, reply) => {
    void reply.headers(headersOf(request));
    if (request.headers['content-encoding'] !== undefined) throw new UnsupportedMediaTypeException();
  });
  return adapter;
}

/** Of every answer. */
function headersOf(request: FastifyRequest) {
  return {
    'x-request-id': request.id,
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    // Answers hold keys and what customers spend.
    'cache-control': 'no-store',
  };
}

/** What is not HTTP, or exceeds a limit before there is a request: answered by hand, in the one shape. */
function answerUnreadable(error: Error & { code?: string }, socket: Socket): void {
  if (!socket.writable) return void socket.destroy();
  const refusals: Record<string, [ApiError, reason: string]> = {
    HPE_HEADER_OVERFLOW: [
      new ApiError(431, 'headers_too_large', 'The headers are too large.'),
      'Request Header Fields Too Large',
    ],
    ERR_HTTP_REQUEST_TIMEOUT: [
      new ApiError(408, 'request_timeout', 'The request did not arrive in time.'),
      'Request Timeout',
    ],
  };
  const [refusal, reason] = refusals[error.code ?? ''] ?? [
    new ApiError(400, 'not_http', 'This is not HTTP.'),
    'Bad Request',
  ];
  const body = JSON.stringify(refusal.body(`req_${randomUUID()}`));
  const head = `HTTP/1.1 ${refusal.status} ${reason}\r\ncontent-type: application/json\r\nconnection: close`;
  socket.end(`${head}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
}
