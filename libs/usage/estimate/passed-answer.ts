import { AwsEventStreamParser } from '#framing/aws-event-stream.js';
import type { Frame, FrameParser, OnFrame } from '#framing/frame.js';
import { JsonLinesParser } from '#framing/json-lines.js';
import { SseParser } from '#framing/sse.js';
import { asObject, parseObject, type JsonObject } from '../json.js';
import type { UsageApi, UsageFormat } from '../usage-api.js';
import type { EstimateFamily } from './estimate-family.js';
import { estimateFamily } from './families.js';
import type { KeptBytes } from './kept-bytes.js';
import { GatheredText, type PassedText } from './passed-text.js';

export interface PassedAnswerOptions {
  readonly api: UsageApi;
  readonly format: UsageFormat;
  /** The memory that all answers share. */
  readonly budget: KeptBytes;
  /** Unread bytes that one answer keeps at most; a JSON answer beyond it is not read at all. */
  readonly mostRawBytes?: number;
  /** Generated text that one answer keeps at most; what is beyond is measured and dropped. Unit: bytes of memory. */
  readonly mostTextBytes?: number;
}

const MOST_RAW_BYTES = 2 * 1024 * 1024;
const MOST_TEXT_BYTES = 2 * 1024 * 1024;
/** An event of a stream that is larger is not read: it carries a file, not text. */
const MOST_EVENT_BYTES = 1024 * 1024;

const parsers: Readonly<Record<Exclude<UsageFormat, 'json'>, new (onFrame: OnFrame, most: number) => FrameParser>> = {
  sse: SseParser,
  eventstream: AwsEventStreamParser,
  lines: JsonLinesParser,
};

/**
 * What passed of one answer, kept so that it can be counted if no usage comes. Pushing keeps a reference to the chunk
 * and nothing more: the chunk must not be written to again. Bytes are only read when there are too many of them, and
 * when the answer is over; then the generated text alone is kept. Whoever makes one releases it, on every path.
 */
export class PassedAnswer {
  readonly #family: EstimateFamily | undefined;
  readonly #budget: KeptBytes;
  readonly #mostRawBytes: number;
  /** Made, as the next, when something has to be read: of most answers nothing has to. */
  #madeParser: FrameParser | undefined;
  #madeText: GatheredText | undefined;
  #raw: Uint8Array[] = [];
  #rawBytes = 0;
  /** Bytes that the parser holds, of an event that is not whole yet. */
  #parsing = 0;
  #begun = false;
  #failed = false;
  /** Something passed that was neither kept nor read: the rest is not looked at. */
  #lost = false;

  constructor(private readonly options: PassedAnswerOptions) {
    this.#family = estimateFamily(options.api);
    this.#budget = options.budget;
    this.#mostRawBytes = options.mostRawBytes ?? MOST_RAW_BYTES;
  }

  /** Absent for a JSON answer, which is read when it is whole. */
  get #parser(): FrameParser | undefined {
    const { format } = this.options;
    if (format === 'json') return undefined;
    this.#madeParser ??= new parsers[format]((frame) => this.#readFrame(frame), MOST_EVENT_BYTES);
    return this.#madeParser;
  }

  get #text(): GatheredText {
    const { budget, mostTextBytes = MOST_TEXT_BYTES } = this.options;
    this.#madeText ??= new GatheredText(budget, mostTextBytes);
    return this.#madeText;
  }

  push(chunk: Uint8Array): void {
    if (this.#lost || this.#family === undefined || this.#keep(chunk)) return;
    this.#fold();
    if (this.#keep(chunk)) return;
    if (this.#parser !== undefined && this.#budget.take(chunk.length)) this.#parse(chunk);
    else this.#lose();
  }

  /** The answer is over, or broke off. What it holds stays until it is released. */
  end(): PassedText {
    if (this.#parser === undefined) this.#readAnswer(Buffer.concat(this.#raw));
    else if (!this.#lost) {
      this.#fold();
      this.#parser.end();
    }
    if (this.#lost) this.#miss('bytes that did not fit in memory');
    return { ...this.#text.texts(), begun: this.#begun, failed: this.#failed };
  }

  release(): void {
    this.#lose();
    this.#madeText?.release();
  }

  #keep(chunk: Uint8Array): boolean {
    if (this.#rawBytes + chunk.length > this.#mostRawBytes || !this.#budget.take(chunk.length)) return false;
    this.#raw.push(chunk);
    this.#rawBytes += chunk.length;
    return true;
  }

  /** Of the bytes that are kept only the generated text remains, and the beginning of an event. */
  #fold(): void {
    if (this.#parser === undefined) return;
    const chunks = this.#raw;
    this.#raw = [];
    this.#rawBytes = 0;
    for (const chunk of chunks) this.#parse(chunk);
  }

  /** Takes over a chunk whose bytes are taken from the budget: each event gives its own back. */
  #parse(chunk: Uint8Array): void {
    this.#parsing += chunk.length;
    this.#parser?.push(chunk);
  }

  #readFrame({ raw, type, data, error, flaw }: Frame): void {
    this.#parsing -= raw.length;
    this.#budget.giveBack(raw.length);
    if (flaw !== undefined) this.#miss('an event that could not be read');
    const message = data && parseObject(data);
    if (message === undefined) return;
    if (error !== undefined || type === 'error' || isError(message)) {
      this.#failed = true;
      return;
    }
    this.#begun = true;
    this.#gather(message);
  }

  #readAnswer(bytes: Buffer): void {
    const answer = parseObject(bytes);
    if (answer === undefined) {
      const start = bytes.toString('latin1', 0, 64).trimStart();
      if (start.startsWith('{') && !start.startsWith('{"error"')) this.#miss('a JSON answer that broke off');
      return;
    }
    this.#failed = isError(answer);
    this.#begun = this.#family?.answerMembers.some((name) => typeof (answer[name] ?? undefined) === 'object') ?? false;
    if (this.#begun && !this.#failed) this.#gather(answer);
  }

  #gather(message: JsonObject): void {
    for (const piece of this.#family?.generated(message) ?? []) this.#text.add(piece);
  }

  #miss(what: string): void {
    this.#text.add({ kind: 'uncounted', lane: '', text: what });
  }

  /** What was read so far stays. */
  #lose(): void {
    this.#budget.giveBack(this.#rawBytes + this.#parsing);
    this.#raw = [];
    this.#rawBytes = this.#parsing = 0;
    this.#lost = true;
  }
}

/** The words of an error are the upstream's, not the model's: they are no output. */
function isError(message: JsonObject): boolean {
  const type = message['type'];
  if (type === 'error' || type === 'response.failed') return true;
  return typeof message['error'] === 'string' || asObject(message['error']) !== undefined;
}
