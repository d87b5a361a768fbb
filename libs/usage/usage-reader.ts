import { AwsEventStreamParser } from '#framing/aws-event-stream.js';
import { asBuffer } from '#framing/carry.js';
import type { Frame } from '#framing/frame.js';
import { GzipStage } from '#framing/gzip.js';
import { JsonLinesParser } from '#framing/json-lines.js';
import { recogniseFormat } from './recognise-format.js';
import { SseUsageReader } from './sse-usage-reader.js';
import type { UsageFormat } from './usage-api.js';
import { UsageRecord, type UsageSource } from './usage-record.js';
import type { Usage } from './usage.js';

export type { UsageSource };

/** Reads the usage out of an answer's bytes as they pass. Any split of the same bytes gives the same usage. */
export interface UsageReader {
  /** The chunk is not written to any more: the reader may keep a window of it. */
  push(chunk: Uint8Array): void;
  /** The answer is over, or broke off. Called once. */
  end(): Usage;
}

/**
 * A JSON answer above this is passed on unread: its usage is missing, and a person decides. Of a stream less is kept:
 * one event of at most MAX_EVENT_BYTES, and windows of its last chunks.
 */
export const MAX_ANSWER_BYTES = 32 * 1024 * 1024;

/**
 * A body that begins as gzip does is inflated on the way, whatever its format.
 * @param format told from the bytes when it is not given.
 */
export function usageReader(source: UsageSource, format?: UsageFormat): UsageReader {
  const record = new UsageRecord(source);
  const reader = format === undefined ? new RecognisingUsageReader(record) : readerOf(format, record);
  return new InflatingUsageReader(reader, record);
}

class InflatingUsageReader implements UsageReader {
  readonly #stage = new GzipStage(this);

  constructor(
    private readonly reader: UsageReader,
    private readonly record: UsageRecord,
  ) {}

  push(chunk: Uint8Array): void {
    this.#stage.push(chunk);
  }

  end(): Usage {
    this.#stage.end();
    return this.reader.end();
  }

  onBytes(bytes: Uint8Array): void {
    this.reader.push(bytes);
  }

  onFlaw(flaw: string): void {
    this.record.note('compression_invalid', flaw);
  }
}

function readerOf(format: UsageFormat, record: UsageRecord): UsageReader {
  switch (format) {
    case 'sse':
      return new SseUsageReader(record);
    case 'json':
      return new AnswerUsageReader(record);
    case 'lines':
      return new EventUsageReader(record, JsonLinesParser);
    case 'eventstream':
      return new EventUsageReader(record, AwsEventStreamParser);
  }
}

class RecognisingUsageReader implements UsageReader {
  #head = Buffer.alloc(0);
  #reader: UsageReader | undefined;

  constructor(private readonly record: UsageRecord) {}

  push(chunk: Uint8Array): void {
    if (this.#reader !== undefined) return this.#reader.push(chunk);
    this.#head = Buffer.concat([this.#head, chunk]);
    const format = recogniseFormat(this.#head, false);
    if (format !== undefined) this.#begin(format);
  }

  end(): Usage {
    return (this.#reader ?? this.#begin(recogniseFormat(this.#head, true) ?? 'sse')).end();
  }

  #begin(format: UsageFormat): UsageReader {
    this.#reader = readerOf(format, this.record);
    this.#reader.push(this.#head);
    this.#head = Buffer.alloc(0);
    return this.#reader;
  }
}

class EventUsageReader implements UsageReader {
  readonly #parser: JsonLinesParser | AwsEventStreamParser;

  constructor(
    private readonly record: UsageRecord,
    Parser: typeof JsonLinesParser | typeof AwsEventStreamParser,
  ) {
    this.#parser = new Parser((frame) => this.#read(frame));
  }

  push(chunk: Uint8Array): void {
    this.#parser.push(chunk);
  }

  end(): Usage {
    this.#parser.end();
    return this.record.finish();
  }

  #read(frame: Frame): void {
    this.record.meet(frame);
    if (this.record.concerns(frame)) this.record.hearEvent(frame);
    else this.record.hearEnd(frame);
  }
}

class AnswerUsageReader implements UsageReader {
  #chunks: Uint8Array[] = [];
  #bytes = 0;

  constructor(private readonly record: UsageRecord) {}

  push(chunk: Uint8Array): void {
    this.#bytes += chunk.length;
    if (this.#bytes <= MAX_ANSWER_BYTES) this.#chunks.push(chunk);
    else this.#chunks = [];
  }

  end(): Usage {
    if (this.#bytes > MAX_ANSWER_BYTES) {
      this.record.note('answer_too_large', `The answer is ${this.#bytes} bytes; at most ${MAX_ANSWER_BYTES} are read.`);
    } else if (this.#bytes > 0) {
      const [first] = this.#chunks;
      this.record.hearAnswer(this.#chunks.length === 1 && first ? asBuffer(first) : Buffer.concat(this.#chunks));
    }
    return this.record.finish();
  }
}
