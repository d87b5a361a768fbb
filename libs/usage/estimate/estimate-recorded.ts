import type { JsonObject } from '../json.js';
import type { UsageApi, UsageFormat } from '../usage-api.js';
import { billedModel, type Usage } from '../usage.js';
import { estimateUsage, type ModelLimits, needsEstimate } from './estimate-usage.js';
import { KeptBytes } from './kept-bytes.js';
import { PassedAnswer } from './passed-answer.js';
import { loadTokenizer } from './tokenizers.js';

export interface RecordedAnswer {
  readonly usage: Usage;
  readonly api: UsageApi;
  readonly format: UsageFormat;
  /** As it was read: without a content coding. */
  readonly body: Uint8Array;
  readonly request?: JsonObject | undefined;
  readonly limits?: ModelLimits;
}

/** Estimates the usage of an answer that is whole in memory, as far as it got. Other records come back as they are. */
export async function estimateRecorded({
  usage,
  api,
  format,
  body,
  request,
  limits = {},
}: RecordedAnswer): Promise<Usage> {
  if (!needsEstimate(usage)) return usage;
  // What is in memory already is bounded.
  const most = Number.MAX_SAFE_INTEGER;
  const passed = new PassedAnswer({
    api,
    format,
    budget: new KeptBytes(most),
    mostRawBytes: most,
    mostTextBytes: most,
  });
  passed.push(body);
  const answer = passed.end();
  const tokenizer = await loadTokenizer(billedModel(usage));
  return estimateUsage({ usage, request, answer, limits, tokenizer });
}
