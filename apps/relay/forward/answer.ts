import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Dispatcher } from 'undici';
import { needsEstimate } from '#usage/estimate/estimate-usage.js';
import type { PassedAnswer } from '#usage/estimate/passed-answer.js';
import type { PassedText } from '#usage/estimate/passed-text.js';
import { isUsageChunk } from '#usage/openai-chat.js';
import { SseUsageReader } from '#usage/sse-usage-reader.js';
import { usageReader, type UsageReader } from '#usage/usage-reader.js';
import { UsageRecord, type UsageSource } from '#usage/usage-record.js';
import type { Usage } from '#usage/usage.js';
import type { Estimator } from '../estimate/estimator.js';
import { contentCoding, decodedUsage } from './decoded-usage.js';
import { clientHeaders } from './forwarded-headers.js';
import { readRetryAfter } from './retry-after.js';
import { isChannelFailure } from './upstream-failure.js';

/** After the client left, the upstream is read on to its usage, because it bills it; but not for ever. */
export const DRAIN_MAX_MS = 120_000;
export const DRAIN_MAX_BYTES = 16 * 1024 * 1024;
/** A client that takes nothing for so long while there is something to take has left. */
export const CLIENT_STALL_MS = 60_000;
/** An error is kept back so far; a larger one goes to the client as it comes. */
export const HELD_FAILURE_MAX_BYTES = 64 * 1024;

/** How the upstream's answer went. */
export interface AnswerEnd {
  /** False when not one byte of the request went out: the upstream cannot have worked on it. */
  readonly sent: boolean;
  /** Absent, as the next two, when the upstream answered nothing. */
  readonly httpStatus?: number;
  readonly firstByteAt?: string;
  readonly usage?: Usage;
  /** What passed of the answer, where its usage has to be estimated. */
  readonly passed?: PassedText;
  /** How long the upstream asks to be left alone. */
  readonly retryAfterMs?: number;
  readonly clientLeft: boolean;
  /** Why the answer has no orderly end. */
  readonly error?: Error;
}

export interface AnswerOptions {
  readonly source: UsageSource;
  readonly estimator: Pick<Estimator, 'passing'>;
  readonly requestId: string;
  /** We asked the OpenAI stream for its usage chunk, and the client did not. */
  readonly hideUsage: boolean;
  /** Another attempt may answer the client instead: it sees no failure before `finish`, and no head before the first byte. */
  readonly replaceable: boolean;
  /** From the dispatch to the first byte of the answer's body. */
  readonly firstByteTimeoutMs: number;
}

/** The upstream was silent for longer than its route allows. */
export class FirstByteTimeout extends Error {
  override readonly name = 'FirstByteTimeout';
}

interface Started {
  readonly httpStatus: number;
  readonly headers: IncomingHttpHeaders;
  readonly isStream: boolean;
  readonly firstByteAt: string;
  readonly reader: UsageReader;
  /** Of an answer that may have generated something. */
  readonly passed: PassedAnswer | undefined;
  readonly pass: (chunk: Buffer) => void;
}

/**
 * One answer on its way from the upstream to the client. Every chunk is passed on as it comes, with backpressure, and
 * read for its usage. Only the very end is held back until `finish`: by then the usage is in the journal.
 */
export class Answer implements Dispatcher.DispatchHandler {
  readonly ended: Promise<AnswerEnd>;
  #end!: (end: AnswerEnd) => void;
  #controller: Dispatcher.DispatchController | undefined;
  #started: Started | undefined;
  /** The last bytes: from them the client would see the end. */
  #held: Buffer | undefined;
  /** The beginning of an error that the client may never see. */
  #failure: { chunks: Buffer[]; bytes: number } | undefined;
  #error: Error | undefined;
  #concluded = false;
  #clientLeft = false;
  #drainedBytes = 0;
  /** Ends the drain, or the wait for a client that has stalled. */
  #timer: NodeJS.Timeout | undefined;
  readonly #firstByteTimer: NodeJS.Timeout;
  /** Of the request: the answer to a pipelined one has none of its own until its turn comes, and tells no `close`. */
  readonly #socket: Socket;
  readonly #onClientLeft = () => this.#drain();
  readonly #onClientTook = () => {
    clearTimeout(this.#timer);
    this.#controller?.resume();
  };

  constructor(
    private readonly options: AnswerOptions,
    private readonly response: ServerResponse,
  ) {
    this.ended = new Promise((resolve) => (this.#end = resolve));
    this.#socket = response.req.socket;
    // It may have left while the attempt was being opened.
    if (this.#socket.destroyed) this.#drain();
    this.#socket.on('close', this.#onClientLeft);
    response.on('drain', this.#onClientTook);
    this.#firstByteTimer = setTimeout(() => {
      this.#stop(new FirstByteTimeout(`No byte of an answer came in ${options.firstByteTimeoutMs} ms.`));
    }, options.firstByteTimeoutMs);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    // It had to wait for its connection for so long that it is given up already: not one byte goes out.
    if (this.#error !== undefined) controller.abort(this.#error);
    else this.#controller = controller;
  }

  onResponseStart(_controller: Dispatcher.DispatchController, httpStatus: number, headers: IncomingHttpHeaders): void {
    if (httpStatus < 200) return;
    const { source, estimator, hideUsage, replaceable } = this.options;
    const isStream = /^text\/event-stream/i.test(headers['content-type'] ?? '');
    const coding = contentCoding(headers['content-encoding']);
    const hides = isStream && hideUsage && coding === 'identity';
    const passing = hides ? this.#passWithoutUsage(source) : this.#passUntouched(source, isStream, coding);
    const isAnswer = httpStatus < 300 && coding === 'identity';
    const passed = isAnswer ? estimator.passing(source.api, isStream ? 'sse' : 'json') : undefined;
    this.#started = { httpStatus, headers, isStream, firstByteAt: new Date().toISOString(), passed, ...passing };
    if (!replaceable) this.#sendHead(this.#started);
    else if (isChannelFailure(httpStatus)) this.#failure = { chunks: [], bytes: 0 };
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    clearTimeout(this.#firstByteTimer);
    this.#started?.passed?.push(chunk);
    this.#started?.pass(chunk);
    if (!this.#clientLeft) return;
    this.#drainedBytes += chunk.length;
    if (this.#drainedBytes > DRAIN_MAX_BYTES) controller.abort(new Error('The answer was drained to its byte limit.'));
  }

  onResponseEnd(): void {
    this.#conclude();
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#error ??= error;
    this.#conclude();
  }

  /** Ends the attempt now: the relay itself has to go. */
  cutOff(): void {
    this.#stop(new Error('The relay was stopped.'));
  }

  /** True while another attempt can answer the client: it is there, and has seen nothing. */
  get isReplaceable(): boolean {
    return this.options.replaceable && !this.#clientLeft && !this.response.headersSent;
  }

  /**
   * Lets the client see the end. An answer that broke off is broken off for the client too.
   * @returns false when the client got nothing yet: it has to be told why.
   */
  finish(): boolean {
    if (this.#clientLeft) return true;
    if (this.#error === undefined && this.#started !== undefined) {
      this.#sendHead(this.#started);
      this.#sendFailure();
      this.response.end(this.#held);
    } else if (this.response.headersSent) this.response.destroy();
    else return false;
    return true;
  }

  /** Before its connection is there, an attempt can only be given up. */
  #stop(error: Error): void {
    if (this.#controller !== undefined) return this.#controller.abort(error);
    this.#error = error;
    this.#conclude();
  }

  #conclude(): void {
    if (this.#concluded) return;
    this.#concluded = true;
    clearTimeout(this.#timer);
    clearTimeout(this.#firstByteTimer);
    // The socket lives on for the next requests, and the response for the next attempt.
    this.#socket.off('close', this.#onClientLeft);
    this.response.off('drain', this.#onClientTook);
    const { httpStatus, headers, firstByteAt } = this.#started ?? {};
    const retryAfterMs = headers && readRetryAfter(headers, Date.now());
    this.#end({
      sent: this.#controller !== undefined,
      ...(httpStatus !== undefined && { httpStatus }),
      ...(firstByteAt !== undefined && { firstByteAt }),
      ...this.#told(),
      ...(retryAfterMs !== undefined && { retryAfterMs }),
      clientLeft: this.#clientLeft,
      ...(this.#error !== undefined && { error: this.#error }),
    });
  }

  #told(): Pick<AnswerEnd, 'usage' | 'passed'> {
    if (this.#started === undefined) return {};
    const { reader, passed } = this.#started;
    const usage = reader.end();
    const kept = passed !== undefined && needsEstimate(usage) ? { passed: passed.end() } : {};
    passed?.release();
    return { usage, ...kept };
  }

  #passUntouched(source: UsageSource, isStream: boolean, coding: string) {
    const reader = decodedUsage(usageReader(source, isStream ? 'sse' : 'json'), coding);
    const pass = (chunk: Buffer) => {
      reader.push(chunk);
      // The end of a body with a known length shows in its last bytes, so one chunk of it is always kept back.
      const next = isStream ? chunk : this.#held;
      if (!isStream) this.#held = chunk;
      if (next !== undefined) this.#send(next);
    };
    return { reader, pass };
  }

  #passWithoutUsage(source: UsageSource) {
    let pieces: Buffer[] = [];
    const stream = new SseUsageReader(new UsageRecord(source), (frame) => {
      if (!isUsageChunk(frame)) pieces.push(frame.raw);
    });
    const taken = () => {
      const bytes = pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces);
      pieces = [];
      return bytes;
    };
    const reader: UsageReader = {
      push: (chunk) => stream.push(chunk),
      end: () => {
        const usage = stream.end();
        this.#held = taken();
        return usage;
      },
    };
    const pass = (chunk: Buffer) => {
      reader.push(chunk);
      if (pieces.length > 0) this.#send(taken());
    };
    return { reader, pass };
  }

  #sendHead({ httpStatus, headers, isStream }: Started): void {
    if (this.#clientLeft || this.response.headersSent) return;
    // With a length of its own a stream would end for the client by its last byte, before it is settled.
    this.response.writeHead(httpStatus, clientHeaders(headers, this.options.requestId, !isStream));
    // The client of a stream sees at once that it has begun, however long the first event takes.
    if (isStream) this.response.flushHeaders();
  }

  #sendFailure(): void {
    const chunks = this.#failure?.chunks ?? [];
    this.#failure = undefined;
    for (const chunk of chunks) this.response.write(chunk);
  }

  #send(chunk: Buffer): void {
    if (this.#clientLeft) return;
    if (this.#failure !== undefined) {
      this.#failure.chunks.push(chunk);
      this.#failure.bytes += chunk.length;
      if (this.#failure.bytes <= HELD_FAILURE_MAX_BYTES) return;
    }
    this.#sendHead(this.#started!);
    if (this.#failure !== undefined) return this.#sendFailure();
    if (this.response.write(chunk)) return;
    this.#controller?.pause();
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#drain();
      this.response.destroy();
    }, CLIENT_STALL_MS);
  }

  #drain(): void {
    if (this.#clientLeft) return;
    this.#clientLeft = true;
    clearTimeout(this.#timer);
    this.#controller?.resume();
    this.#timer = setTimeout(
      () => this.#controller?.abort(new Error('The answer was drained to its time limit.')),
      DRAIN_MAX_MS,
    );
  }
}
