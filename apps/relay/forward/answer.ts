import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Dispatcher } from 'undici';
import { needsEstimate } from '#usage/estimate/estimate-usage.js';
import type { PassedAnswer } from '#usage/estimate/passed-answer.js';
import type { PassedText } from '#usage/estimate/passed-text.js';
import type { Usage } from '#usage/usage.js';
import type { Estimator } from '../estimate/estimator.js';
import { isoNow } from '../iso-now.js';
import { workAtTurnsEnd } from '../loop-turn.js';
import { steadyNow } from '../steady-now.js';
import { contentCoding } from './decoded-usage.js';
import { formatOf, isStream, type Passing, passingOf, type PassingOptions } from './passing.js';
import { readRetryAfter } from './retry-after.js';
import { isChannelFailure, refusalWords, refusesAccess } from './upstream-failure.js';

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
  readonly httpStatus?: number | undefined;
  readonly firstByteAt?: string | undefined;
  readonly usage?: Usage | undefined;
  /** What passed of the answer, where its usage has to be estimated. */
  readonly passed?: PassedText | undefined;
  /** Where a converted stream has lost something that its client cannot be told of. */
  readonly lost?: readonly string[] | undefined;
  /** Why the upstream does not accept our own access: for the log, and not for the client. */
  readonly refusedAs?: string | undefined;
  /** How long the upstream asks to be left alone. */
  readonly retryAfterMs?: number | undefined;
  readonly clientLeft: boolean;
  /** Why the answer has no orderly end. */
  readonly error?: Error | undefined;
}

export interface AnswerOptions extends PassingOptions {
  readonly estimator: Pick<Estimator, 'passing'>;
  /** Another attempt may answer the client instead: it sees no failure before `finish`, and no head before the first byte. */
  readonly replaceable: boolean;
  /** Called at the first byte of an answer that is no failure. */
  readonly answered: () => void;
  /** When the client leaves, the upstream is stopped instead of read on to its usage. */
  readonly cancels: boolean;
  readonly timeouts: AnswerTimeouts;
}

export interface AnswerTimeouts {
  /** From the dispatch to the first byte of the answer's body. */
  readonly firstByteMs: number;
  /** From the dispatch to the end. Absent: as long as it takes. */
  readonly totalMs?: number | undefined;
}

/** The upstream took longer than its channel allows. */
export class UpstreamTimeout extends Error {
  override readonly name = 'UpstreamTimeout';
}

/** The relay itself ended the answer: nobody waits for it any more, or the relay has to go. */
export class CutOff extends Error {
  override readonly name = 'CutOff';
}

type Told = Pick<AnswerEnd, 'usage' | 'passed' | 'lost'>;

interface Started {
  readonly httpStatus: number;
  readonly headers: IncomingHttpHeaders;
  readonly isStream: boolean;
  readonly firstByteAt: string;
  /** Of an answer that may have generated something. */
  readonly passed: PassedAnswer | undefined;
  readonly passing: Passing;
}

interface HeldBytes {
  readonly chunks: Buffer[];
  bytes: number;
}

/**
 * One answer on its way from the upstream to the client. Every chunk is passed on as it comes, with backpressure, and
 * read for its usage. Only the very end is held back until `finish`: by then the usage is in the journal.
 */
export class Answer implements Dispatcher.DispatchHandler {
  readonly ended: Promise<AnswerEnd>;
  /** Among the answers in flight. */
  place = -1;
  #end!: (end: AnswerEnd) => void;
  #controller: Dispatcher.DispatchController | undefined;
  #started: Started | undefined;
  /** The last bytes: from them the client would see the end. */
  #held: Buffer | undefined;
  /** The beginning of an error that the client may never see. */
  #failure: HeldBytes | undefined;
  /** What the client never sees: the upstream's words of our own account. */
  #refusal: HeldBytes | undefined;
  #error: Error | undefined;
  #concluded = false;
  #hasAnswered = false;
  #clientLeft = false;
  #drainedBytes = 0;
  /** Ends the drain, or the wait for a client that has stalled. */
  #timer: NodeJS.Timeout | undefined;
  /** For how long the upstream had to wait until the client took more, and since when it does now. */
  #heldUpMs = 0;
  #heldUpSinceMs: number | undefined;
  readonly #firstByteTimer: NodeJS.Timeout;
  readonly #totalTimer: NodeJS.Timeout | undefined;
  /** Of the request: the answer to a pipelined one has none of its own until its turn comes, and tells no `close`. */
  readonly #socket: Socket;
  readonly #onClientLeft = () => this.#drain();
  readonly #onClientTook = () => {
    clearTimeout(this.#timer);
    this.#heldUpMs = this.#heldUp();
    this.#heldUpSinceMs = undefined;
    this.#controller?.resume();
  };

  constructor(
    private readonly options: AnswerOptions,
    private readonly response: ServerResponse,
  ) {
    this.ended = new Promise((resolve) => (this.#end = resolve));
    this.#socket = response.req.socket;
    this.#socket.on('close', this.#onClientLeft);
    const { firstByteMs, totalMs } = options.timeouts;
    this.#firstByteTimer = setTimeout(() => this.#stop(late('No byte of an answer came', firstByteMs)), firstByteMs);
    if (totalMs !== undefined) this.#totalTimer = setTimeout(() => this.#endTotal(totalMs), totalMs);
    // It may have left while the attempt was being opened.
    if (this.#socket.destroyed) this.#drain();
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    // It had to wait for its connection for so long that it is given up already: not one byte goes out.
    if (this.#error !== undefined) controller.abort(this.#error);
    else this.#controller = controller;
  }

  onResponseStart(_controller: Dispatcher.DispatchController, httpStatus: number, headers: IncomingHttpHeaders): void {
    if (httpStatus < 200) return;
    const { source, estimator, replaceable } = this.options;
    const format = formatOf(headers['content-type']);
    const passing = passingOf({ httpStatus, headers, format }, this.options);
    const isReadable = httpStatus < 300 && contentCoding(headers['content-encoding']) === 'identity';
    const passed = isReadable && format !== undefined ? estimator.passing(source.api, format) : undefined;
    const firstByteAt = isoNow();
    this.#started = { httpStatus, headers, isStream: isStream(format), firstByteAt, passed, passing };
    if (refusesAccess(httpStatus)) this.#refusal = { chunks: [], bytes: 0 };
    // Without a byte behind it the head of a whole answer would reach nobody: one that breaks off before is a refusal yet.
    else if (!replaceable && this.#started.isStream) this.#sendHead(this.#started);
    else if (replaceable && isChannelFailure(httpStatus)) this.#failure = { chunks: [], bytes: 0 };
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (!this.#hasAnswered) this.#answered();
    if (this.#refusal !== undefined) return this.#keepRefusal(this.#refusal, controller, chunk);
    this.#started?.passed?.push(chunk);
    const next = this.#started?.passing.push(chunk);
    if (next !== undefined) this.#send(next);
    if (!this.#clientLeft) return;
    this.#drainedBytes += chunk.length;
    if (this.#drainedBytes > DRAIN_MAX_BYTES) controller.abort(new CutOff('The answer was drained to its byte limit.'));
  }

  #keepRefusal(refusal: HeldBytes, controller: Dispatcher.DispatchController, chunk: Buffer): void {
    refusal.chunks.push(chunk);
    refusal.bytes += chunk.length;
    if (refusal.bytes > HELD_FAILURE_MAX_BYTES) controller.abort(new CutOff('Nobody reads so long a refusal.'));
  }

  #answered(): void {
    this.#hasAnswered = true;
    clearTimeout(this.#firstByteTimer);
    if (this.#started !== undefined && !isChannelFailure(this.#started.httpStatus)) this.options.answered();
  }

  onResponseEnd(): void {
    workAtTurnsEnd(() => this.#conclude());
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#error ??= error;
    this.#conclude();
  }

  /** Ends the attempt now: the relay itself has to go. */
  cutOff(): void {
    this.#stop(new CutOff('The relay was stopped.'));
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
    if (this.#error === undefined && this.#started !== undefined && this.#refusal === undefined) {
      this.#sendHead(this.#started);
      this.#sendFailure();
      this.response.end(this.#held);
    } else if (this.response.headersSent) this.response.destroy();
    else return false;
    return true;
  }

  #endTotal(totalMs: number): void {
    // Most of the time went to waiting for the client: that is no fault of the upstream's.
    if (this.#heldUp() * 2 >= totalMs) this.#giveUpClient();
    else this.#stop(late('The answer did not end', totalMs));
  }

  #heldUp(): number {
    return this.#heldUpMs + (this.#heldUpSinceMs === undefined ? 0 : steadyNow() - this.#heldUpSinceMs);
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
    clearTimeout(this.#totalTimer);
    // The socket lives on for the next requests, and the response for the next attempt.
    this.#socket.off('close', this.#onClientLeft);
    this.response.off('drain', this.#onClientTook);
    const started = this.#started;
    const { usage, passed, lost } = this.#toldAtLast();
    this.#end({
      sent: this.#controller !== undefined,
      httpStatus: started?.httpStatus,
      firstByteAt: started?.firstByteAt,
      usage,
      passed,
      lost,
      retryAfterMs: started && readRetryAfter(started.headers, Date.now()),
      refusedAs: this.#refusal && refusalWords(Buffer.concat(this.#refusal.chunks)),
      clientLeft: this.#clientLeft,
      error: this.#error,
    });
  }

  /** An answer that cannot be read to its end is one that broke off: without an end its attempt would never be settled. */
  #toldAtLast(): Told {
    try {
      return this.#told();
    } catch (error) {
      this.#error ??= error instanceof Error ? error : new Error('The answer cannot be read.', { cause: error });
      return {};
    } finally {
      this.#started?.passed?.release();
    }
  }

  #told(): Told {
    if (this.#started === undefined) return {};
    const { passing, passed } = this.#started;
    const { usage, rest, lost } = passing.end();
    this.#held = rest;
    return { usage, lost, passed: passed !== undefined && needsEstimate(usage) ? passed.end() : undefined };
  }

  #sendHead({ passing, isStream }: Started): void {
    if (this.#clientLeft || this.response.headersSent) return;
    const head = passing.head();
    if (head === undefined) return;
    this.response.writeHead(head.status, head.headers);
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
    if (!endsByClosing(this.#started!)) this.#controller?.pause();
    else if (this.response.writableLength > DRAIN_MAX_BYTES) return this.#giveUpClient();
    if (this.#heldUpSinceMs === undefined) this.response.once('drain', this.#onClientTook);
    this.#heldUpSinceMs ??= steadyNow();
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#giveUpClient(), CLIENT_STALL_MS);
  }

  /** It takes too little: the answer is read on as for one that has left. */
  #giveUpClient(): void {
    this.#drain();
    this.response.destroy();
  }

  #drain(): void {
    if (this.#clientLeft) return;
    this.#clientLeft = true;
    clearTimeout(this.#timer);
    if (this.options.cancels) return this.#stop(new CutOff('The client left, and its channel stops then.'));
    this.#controller?.resume();
    this.#timer = setTimeout(
      () => this.#controller?.abort(new CutOff('The answer was drained to its time limit.')),
      DRAIN_MAX_MS,
    );
  }
}

/**
 * Its upstream closes the connection behind it. While undici 7 is paused then, it ends the process by an assertion
 * (https://github.com/nodejs/undici/issues/5360), so such an answer is kept for its client as far as one is drained.
 */
function endsByClosing({ headers }: Started): boolean {
  const isDelimited = headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined;
  return !isDelimited || /\bclose\b/i.test(headers.connection ?? '');
}

function late(what: string, ms: number): UpstreamTimeout {
  return new UpstreamTimeout(`${what} within ${ms} ms.`);
}
