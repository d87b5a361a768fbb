import { hash } from 'node:crypto';
import type { Frame } from '#framing/frame.js';
import { nameIn, type AnomalyCode, type Note } from './count.js';
import { families } from './families.js';
import { asObject, objectsIn, parseJson, parseObject, withoutAbsent, type JsonObject } from './json.js';
import type { UsageApi } from './usage-api.js';
import type { Counted, Told, UsageFamily } from './usage-family.js';
import { mentionsAny } from './usage-mention.js';
import { type Completeness, hasQuantities, type Usage, type UsageAnomaly } from './usage.js';

/** Who answers, and what was asked of it. */
export interface UsageSource {
  readonly provider: string;
  readonly api: UsageApi;
  readonly requestedModel?: string;
}

/** A model that is not named by then is not named at all. */
const NAMING_EVENTS = 8;

// What the usage event's schema takes: an event that breaks it would be parked instead of charged.
const MAX_RAW_CHARACTERS = 16_384;
const MAX_ANOMALIES = 20;
const MAX_SEGMENTS = 100;
const MAX_DETAIL_CHARACTERS = 512;

/** How protocols name an error within a stream: as a member, or as the type of the event. */
const ERROR = ['error'];
const ERROR_TYPE = Buffer.from('{"type":"error"');

/**
 * What makes a usage doubtful, and so not final. A model or tier that was given but cannot be read is not the one that
 * was asked for: its price is not known. What was inflated wrongly may be any number.
 */
const MAKE_DOUBTFUL: ReadonlySet<AnomalyCode> = new Set(['name_invalid', 'compression_invalid']);

/** What was told, becoming a usage record. */
export class UsageRecord {
  readonly family: UsageFamily;
  readonly #told: Told = {};
  readonly #anomalies: UsageAnomaly[] = [];
  #isSure = true;
  #heardEvents = 0;
  #wasMet = false;
  #isUnderstood = false;

  constructor(private readonly source: UsageSource) {
    this.family = families[source.api];
  }

  readonly note: Note = (code: AnomalyCode, detail: string) => {
    if (MAKE_DOUBTFUL.has(code)) this.#isSure = false;
    const anomaly = { code, detail: detail.slice(0, MAX_DETAIL_CHARACTERS) };
    // A count that several rules look at is odd once.
    const known = this.#anomalies.some((other) => other.code === code && other.detail === anomaly.detail);
    if (!known && this.#anomalies.length < MAX_ANOMALIES) this.#anomalies.push(anomaly);
  };

  /** The model is not known yet: the first events are heard whatever they mention, because one of them names it. */
  get isNaming(): boolean {
    return this.#told.model === undefined && this.#heardEvents < NAMING_EVENTS;
  }

  /** The usage came with the end of the answer. */
  get isAtEnd(): boolean {
    return this.#told.atEnd === true;
  }

  /** Whether an event is to be heard: most bear on nothing here, and are never parsed. */
  concerns({ type, data, error }: Frame): boolean {
    if (data === undefined) return false;
    if (this.isNaming || type === 'error' || error !== undefined) return true;
    return mentionsAny(data, this.family.usageMembers) || mentionsAny(data, ERROR) || startsWith(data, ERROR_TYPE);
  }

  /** Takes note of a part of the answer, which need not be an event. */
  meet({ flaw }: Frame): void {
    this.#wasMet = true;
    if (flaw !== undefined) this.note('unreadable', flaw);
  }

  /** @returns whether this is the event that ends a stream. */
  hearEnd(event: Frame): boolean {
    if (!this.family.isEnd(event)) return false;
    this.#told.atEnd = true;
    this.#isUnderstood = true;
    return true;
  }

  hearEvent(event: Frame): void {
    if (event.data === undefined) return;
    this.#heardEvents += 1;
    if (this.hearEnd(event)) return;
    const message = parseObject(event.data);
    if (message === undefined) return this.note('unreadable', 'An event of the stream is not a JSON object.');
    if (event.error !== undefined) this.#hearError({ type: event.error });
    this.#hearMessage(message);
  }

  hearAnswer(bytes: Buffer): void {
    const answer = parseJson(bytes);
    // Some APIs give a stream as one array of its events.
    const events = objectsIn(answer);
    const whole = asObject(answer);
    if (whole === undefined && events.length === 0) {
      return this.note('nothing_read', 'The answer is neither a JSON object nor an array of them.');
    }
    this.#isUnderstood = true;
    for (const event of events) this.#hearMessage(event);
    if (whole !== undefined) this.family.hearAnswer(whole, this.#told, this.note);
    this.#told.atEnd = true;
  }

  #hearMessage(message: JsonObject): void {
    this.#isUnderstood = true;
    const error = asObject(message['error']);
    if (error !== undefined) this.#hearError(error);
    this.family.hearEvent(message, this.#told, this.note);
  }

  #hearError(error: JsonObject): void {
    this.note('stream_error', `The upstream reported ${nameIn(error, 'type', this.note) ?? 'an error'}.`);
  }

  finish(): Usage {
    if (this.#wasMet && !this.#isUnderstood) this.note('nothing_read', 'The answer has no event that can be read.');
    const { usage, units, model } = this.#told;
    const counted = usage === undefined && units === undefined ? undefined : this.#count(usage ?? {});
    // In the order of canonical JSON: so an event that carries it is written without sorting.
    return withoutAbsent({
      anomalies: this.#anomalies,
      api: this.source.api,
      completeness: counted === undefined ? 'missing' : this.#completenessOf(counted),
      modifiers: counted?.modifiers,
      provider: this.source.provider,
      providerCost: counted?.providerCost,
      raw: usage && this.#raw(usage),
      requestedModel: this.source.requestedModel,
      segments: counted?.segments.slice(0, MAX_SEGMENTS) ?? [],
      servedModel: model,
      units: counted?.units,
    });
  }

  /** undefined when nothing at all was counted. */
  #count(usage: JsonObject): Counted | undefined {
    const { provider, requestedModel } = this.source;
    const model = this.#told.model ?? requestedModel;
    const counted = this.family.count(usage, { provider, model, told: this.#told, note: this.note });
    return hasQuantities(counted) ? counted : undefined;
  }

  #completenessOf({ segments, complete }: Counted): Completeness {
    if (segments.length > MAX_SEGMENTS) {
      this.note('too_many_segments', `The answer names ${segments.length} calls; at most ${MAX_SEGMENTS} are kept.`);
      return 'partial';
    }
    return complete && this.#told.atEnd === true && this.#isSure ? 'final' : 'partial';
  }

  #raw(usage: JsonObject): Usage['raw'] {
    const json = JSON.stringify(usage);
    if (json.length <= MAX_RAW_CHARACTERS) return { json, sha256: hash('sha256', json, 'hex') };
    this.note(
      'raw_too_large',
      `The usage object has ${json.length} characters; at most ${MAX_RAW_CHARACTERS} are kept.`,
    );
    return undefined;
  }
}

const startsWith = (bytes: Buffer, start: Buffer): boolean => bytes.subarray(0, start.length).equals(start);
