import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Dispatcher } from 'undici';
import { isUsageChunk } from '#usage/openai-chat.js';
import { SseUsageReader } from '#usage/sse-usage-reader.js';
import { usageReader, type UsageReader } from '#usage/usage-reader.js';
import { UsageRecord, type UsageSource } from '#usage/usage-record.js';
import type { Usage } from '#usage/usage.js';
import { contentCoding, decodedUsage } from './decoded-usage.js';
import { clientHeaders } from './forwarded-headers.js';

/** After the client left, the upstream is read on to its usage, because it bills it; but not for ever. */
export const DRAIN_MAX_MS = 120_000;
export const DRAIN_MAX_BYTES = 16 * 1024 * 1024;
/** A client that takes nothing for so long while there is something to take has left. */
export const CLIENT_STALL_MS = 60_000;

/** How the upstream's answer went. */
export interface AnswerEnd {
  /** False when not one byte of the request went out: the upstream cannot have worked on it. */
  readonly sent: boolean;
  /** Absent, as the next two, when the upstream answered nothing. */
  readonly httpStatus?: number;
  readonly firstByteAt?: string;
  readonly usage?: Usage;
  readonly clientLeft: boolean;
  /** Why the answer has no orderly end. */
  readonly error?: Error;
}

export interface AnswerOptions {
  readonly source: UsageSource;
  readonly requestId: string;
  /** We asked the OpenAI stream for its usage chunk, and the client did not. */
  readonly hideUsage: boolean;
}

/**
 * One answer on its way from the upstream to the client. Every chunk is passed on as it comes, with backpressure, and
 * read for its usage. Only the very end is held back until `finish`: by then the usage is in the journal.
 */
export class Answer implements Dispatcher.DispatchHandler {
  readonly ended: Promise<AnswerEnd>;
  #end!: (end: AnswerEnd) => void;
  #controller: Dispatcher.DispatchController | undefined;
  #started: { httpStatus: number; firstByteAt: string; reader: UsageReader; pass: (chunk: Buffer) => void } | undefined;
  /** The last bytes: from them the client would see the end. */
  #held: Buffer | undefined;
  #error: Error | undefined;
  #clientLeft = false;
  #drainedBytes = 0;
  /** Ends the drain, or the wait for a client that has stalled. */
  #timer: NodeJS.Timeout | undefined;
  /** Of the request: the answer to a pipelined one has none of its own until its turn comes, and tells no `close`. */
  readonly #socket: Socket;
  readonly #onClientLeft = () => this.#drain();

  constructor(
    private readonly options: AnswerOptions,
    private readonly response: ServerResponse,
  ) {
    this.ended = new Promise((resolve) => (this.#end = resolve));
    this.#socket = response.req.socket;
    // It may have left while the attempt was being opened.
    if (this.#socket.destroyed) this.#drain();
    this.#socket.on('close', this.#onClientLeft);
    response.on('drain', () => {
      clearTimeout(this.#timer);
      this.#controller?.resume();
    });
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
  }

  onResponseStart(_controller: Dispatcher.DispatchController, httpStatus: number, headers: IncomingHttpHeaders): void {
    if (httpStatus < 200) return;
    const { source, requestId, hideUsage } = this.options;
    const isStream = /^text\/event-stream/i.test(headers['content-type'] ?? '');
    const coding = contentCoding(headers['content-encoding']);
    const hides = isStream && hideUsage && coding === 'identity';
    const passing = hides ? this.#passWithoutUsage(source) : this.#passUntouched(source, isStream, coding);
    this.#started = { httpStatus, firstByteAt: new Date().toISOString(), ...passing };
    if (this.#clientLeft) return;
    // With a length of its own a stream would end for the client by its last byte, before it is settled.
    this.response.writeHead(httpStatus, clientHeaders(headers, requestId, !isStream));
    // The client of a stream sees at once that it has begun, however long the first event takes.
    if (isStream) this.response.flushHeaders();
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#started?.pass(chunk);
    if (!this.#clientLeft) return;
    this.#drainedBytes += chunk.length;
    if (this.#drainedBytes > DRAIN_MAX_BYTES) controller.abort(new Error('The answer was drained to its byte limit.'));
  }

  onResponseEnd(): void {
    this.#conclude();
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#error = error;
    this.#conclude();
  }

  /** Ends the attempt now: the relay itself has to go. */
  cutOff(): void {
    this.#controller?.abort(new Error('The relay was stopped.'));
  }

  /**
   * Lets the client see the end. An answer that broke off is broken off for the client too.
   * @returns false when the client got nothing yet: it has to be told why.
   */
  finish(): boolean {
    if (this.#clientLeft) return true;
    if (this.#error === undefined) this.response.end(this.#held);
    else if (this.response.headersSent) this.response.destroy();
    else return false;
    return true;
  }

  #conclude(): void {
    clearTimeout(this.#timer);
    // The socket lives on for the next requests.
    this.#socket.off('close', this.#onClientLeft);
    const { httpStatus, firstByteAt, reader } = this.#started ?? {};
    this.#end({
      sent: this.#controller !== undefined,
      ...(httpStatus !== undefined && { httpStatus }),
      ...(firstByteAt !== undefined && { firstByteAt }),
      ...(reader !== undefined && { usage: reader.end() }),
      clientLeft: this.#clientLeft,
      ...(this.#error !== undefined && { error: this.#error }),
    });
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

  #send(chunk: Buffer): void {
    if (this.#clientLeft || this.response.write(chunk)) return;
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
