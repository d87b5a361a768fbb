import { hash } from 'node:crypto';
import { SseParser, type SsePiece } from '#framing/sse.js';
import { nameIn, type AnomalyCode, type Note } from './count.js';
import { families } from './families.js';
import { asObject, parseObject, type JsonObject } from './json.js';
import type { UsageApi } from './usage-api.js';
import type { Told, UsageFamily } from './usage-family.js';
import { mentionsAny } from './usage-mention.js';
import { segmentQuantities, unitQuantities, type Usage, type UsageAnomaly } from './usage.js';

/** Who answers, and what was asked of it. */
export interface UsageSource {
  readonly provider: string;
  readonly api: UsageApi;
  readonly requestedModel?: string;
}

/** Reads the usage out of an answer's bytes as they pass. Any split of the same bytes gives the same usage. */
export interface UsageReader {
  push(chunk: Uint8Array): void;
  /** The answer is over, or broke off. Called once. */
  end(): Usage;
}

/** A JSON answer above this is passed on unread: its usage is missing, and a person decides. */
export const MAX_ANSWER_BYTES = 32 * 1024 * 1024;

// What the usage event's schema takes: an event that breaks it would be parked instead of charged.
const MAX_RAW_CHARACTERS = 16_384;
const MAX_ANOMALIES = 20;
const MAX_SEGMENTS = 100;
const MAX_DETAIL_CHARACTERS = 512;

const ERROR_START = Buffer.from('{"error"');

export function usageReader(source: UsageSource, format: 'sse' | 'json'): UsageReader {
  return format === 'json' ? new AnswerUsageReader(source) : new StreamUsageReader(source);
}

/** Reads a stream. Who parses the stream anyway gives its pieces to `read` instead of pushing bytes. */
export class StreamUsageReader implements UsageReader {
  readonly #parser = new SseParser((piece) => this.read(piece));
  readonly #record: UsageRecord;

  constructor(source: UsageSource) {
    this.#record = new UsageRecord(source);
  }

  push(chunk: Uint8Array): void {
    this.#parser.push(chunk);
  }

  read(piece: SsePiece): void {
    this.#record.hearEvent(piece);
  }

  end(): Usage {
    this.#parser.end();
    return this.#record.finish();
  }
}

class AnswerUsageReader implements UsageReader {
  readonly #record: UsageRecord;
  #chunks: Uint8Array[] = [];
  #bytes = 0;

  constructor(source: UsageSource) {
    this.#record = new UsageRecord(source);
  }

  push(chunk: Uint8Array): void {
    this.#bytes += chunk.length;
    if (this.#bytes <= MAX_ANSWER_BYTES) this.#chunks.push(chunk);
    else this.#chunks = [];
  }

  end(): Usage {
    if (this.#bytes > MAX_ANSWER_BYTES) {
      this.#record.note(
        'answer_too_large',
        `The answer is ${this.#bytes} bytes; at most ${MAX_ANSWER_BYTES} are read.`,
      );
    } else if (this.#bytes > 0) {
      this.#record.hearAnswer(Buffer.concat(this.#chunks));
    }
    return this.#record.finish();
  }
}

/** What was told, becoming a usage record. */
class UsageRecord {
  readonly #family: UsageFamily;
  readonly #told: Told = {};
  readonly #anomalies: UsageAnomaly[] = [];
  /** A model or tier that was given but cannot be read is not the one that was asked for: its price is not known. */
  #namesAreKnown = true;

  constructor(private readonly source: UsageSource) {
    this.#family = families[source.api];
  }

  readonly note: Note = (code: AnomalyCode, detail: string) => {
    if (code === 'name_invalid') this.#namesAreKnown = false;
    const anomaly = { code, detail: detail.slice(0, MAX_DETAIL_CHARACTERS) };
    // A count that several rules look at is odd once.
    const known = this.#anomalies.some((other) => other.code === code && other.detail === anomaly.detail);
    if (!known && this.#anomalies.length < MAX_ANOMALIES) this.#anomalies.push(anomaly);
  };

  hearEvent(event: SsePiece): void {
    const { data } = event;
    if (data === undefined) return;
    if (this.#family.isEnd(event)) {
      this.#told.atEnd = true;
      return;
    }
    const isError = event.type === 'error' || data.subarray(0, ERROR_START.length).equals(ERROR_START);
    // Most events bear on nothing here and are never parsed. The first one names the model.
    if (this.#told.model !== undefined && !isError && !mentionsAny(data, this.#family.usageMembers)) return;
    const message = parseObject(data);
    if (message === undefined) return this.note('unreadable', 'An event of the stream is not a JSON object.');
    const error = asObject(message['error']);
    if (error !== undefined)
      this.note('stream_error', `The upstream reported ${nameIn(error, 'type', this.note) ?? 'an error'}.`);
    this.#family.hearEvent(message, this.#told, this.note);
  }

  hearAnswer(bytes: Buffer): void {
    const answer = parseObject(bytes);
    if (answer === undefined) return this.note('unreadable', 'The answer is not a JSON object.');
    this.#family.hearAnswer(answer, this.#told, this.note);
    this.#told.atEnd = true;
  }

  finish(): Usage {
    const { usage, units, model } = this.#told;
    const counted = usage === undefined && units === undefined ? undefined : this.#count(usage ?? {});
    return {
      ...this.source,
      ...(model !== undefined && { servedModel: model }),
      segments: [],
      completeness: 'missing',
      ...counted,
      ...(usage !== undefined && this.#raw(usage)),
      anomalies: this.#anomalies,
    };
  }

  #count(usage: JsonObject): Partial<Usage> {
    const { provider, requestedModel } = this.source;
    const model = this.#told.model ?? requestedModel;
    const { complete, ...counted } = this.#family.count(usage, { provider, model, told: this.#told, note: this.note });
    const quantities = [...counted.segments.flatMap(segmentQuantities), ...unitQuantities(counted)];
    if (quantities.length === 0) return {};
    if (counted.segments.length > MAX_SEGMENTS) {
      this.note(
        'too_many_segments',
        `The answer names ${counted.segments.length} calls; at most ${MAX_SEGMENTS} are kept.`,
      );
      return { ...counted, segments: counted.segments.slice(0, MAX_SEGMENTS), completeness: 'partial' };
    }
    const isFinal = complete && this.#told.atEnd === true && this.#namesAreKnown;
    return { ...counted, completeness: isFinal ? 'final' : 'partial' };
  }

  #raw(usage: JsonObject): Pick<Usage, 'raw'> {
    const json = JSON.stringify(usage);
    if (json.length <= MAX_RAW_CHARACTERS) {
      return { raw: { json, sha256: hash('sha256', json, 'hex') } };
    }
    this.note(
      'raw_too_large',
      `The usage object has ${json.length} characters; at most ${MAX_RAW_CHARACTERS} are kept.`,
    );
    return {};
  }
}
