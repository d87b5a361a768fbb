import { setImmediate as turnOfOthers } from 'node:timers/promises';
import { estimateInTurns } from '#usage/estimate/estimate-in-turns.js';
import { needsEstimate } from '#usage/estimate/estimate-usage.js';
import { KeptBytes } from '#usage/estimate/kept-bytes.js';
import { PassedAnswer } from '#usage/estimate/passed-answer.js';
import type { PassedText } from '#usage/estimate/passed-text.js';
import { loadTokenizer } from '#usage/estimate/tokenizers.js';
import type { JsonObject } from '#usage/json.js';
import type { UsageApi, UsageFormat } from '#usage/usage-api.js';
import type { Usage } from '#usage/usage.js';

/** What all answers under way keep together, in case that no usage comes. */
const MAX_KEPT_BYTES = 64 * 1024 * 1024;
/** Beyond this an answer is read as it passes, and its text alone is kept. */
const MAX_RAW_BYTES = 256 * 1024;
const MAX_TEXT_BYTES = 256 * 1024;
/** A longer prompt would take many seconds to count; its record says that the input is not counted. */
const MAX_REQUEST_BYTES = 4 * 1024 * 1024;

/** Counts from what passed where an upstream told no usage, or not all of it. */
export class Estimator {
  readonly #kept = new KeptBytes(MAX_KEPT_BYTES);

  /** Whoever asks for one releases it, on every path. */
  passing(api: UsageApi, format: UsageFormat): PassedAnswer {
    const bounds = { mostRawBytes: MAX_RAW_BYTES, mostTextBytes: MAX_TEXT_BYTES };
    return new PassedAnswer({ api, format, budget: this.#kept, ...bounds });
  }

  /** @returns the record as it was read where it needs no estimate, or none can be made. */
  async complete(usage: Usage, answer: PassedText, request: Request): Promise<Usage> {
    if (!needsEstimate(usage)) return usage;
    const tokenizer = await loadTokenizer(usage.servedModel ?? usage.requestedModel ?? '');
    const asked = request.body.length > MAX_REQUEST_BYTES ? undefined : request.json;
    return estimateInTurns({ usage, request: asked, answer, limits: {}, tokenizer }, () => turnOfOthers());
  }
}

interface Request {
  readonly body: Uint8Array;
  /** Absent of a body that is no JSON. */
  readonly json?: JsonObject | undefined;
}
