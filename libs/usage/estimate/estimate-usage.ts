import type { JsonObject } from '../json.js';
import { segmentQuantities, type Usage, type UsageAnomaly, type UsageSegment } from '../usage.js';
import { Asked } from './asked.js';
import { estimateFamily } from './families.js';
import { countOutput, raiseOutput } from './output-tokens.js';
import type { PassedText } from './passed-text.js';
import type { Tokenizer } from './tokenizers.js';

export interface EstimateSource {
  /** As it was read from the answer. */
  readonly usage: Usage;
  /** The body of the request; absent where it was not kept. */
  readonly request?: JsonObject | undefined;
  readonly answer: PassedText;
  readonly limits: ModelLimits;
  readonly tokenizer: Tokenizer;
}

/** What a model can do, where it is known. Unit: tokens. */
export interface ModelLimits {
  readonly maxOutputTokens?: number;
  readonly contextTokens?: number;
}

/** These make a record partial although it is counted: a person has to look, and an estimate would hide it. */
const NOT_HEALED: readonly string[] = ['name_invalid', 'too_many_segments'];

export function needsEstimate({ completeness, anomalies }: Pick<Usage, 'completeness' | 'anomalies'>): boolean {
  if (completeness !== 'missing' && completeness !== 'partial') return false;
  return !anomalies.some(({ code }) => NOT_HEALED.includes(code));
}

/**
 * Completes a record that is missing or partial from what passed. What the provider told stays: its input as it is, its
 * output as what it had reached by then. A request that got an error for an answer, or none, stays as it was read.
 */
export function estimateUsage(source: EstimateSource): Usage {
  const { usage, request, answer, tokenizer } = source;
  const family = estimateFamily(usage.api);
  if (!needsEstimate(usage) || family === undefined || !wasAnswered(answer)) return usage;

  const asked = new Asked(usage.servedModel ?? usage.requestedModel ?? '');
  if (request !== undefined) family.ask(request, asked);
  const told = { in: isTold(usage, 'in.'), out: isTold(usage, 'out.') };
  // Input is told first or with the rest: output that was told alone came with the end, and is whole.
  const estimated = [
    ...(told.in || request === undefined ? [] : (['in'] as const)),
    ...((told.out && !told.in) || !family.generates ? [] : (['out'] as const)),
  ];
  if (estimated.length === 0) return usage;

  const notes: UsageAnomaly[] = [{ code: 'estimated', detail: methodOf(estimated, tokenizer) }];
  const [segment, others] = mainSegment(usage);
  const main = {
    ...segment,
    ...(estimated.includes('in') && { in: inputOf(asked, source, notes) }),
    ...(estimated.includes('out') && { out: outputOf(segment, asked, source, notes) }),
  };
  const uncounted = [
    ...(told.in ? [] : request === undefined ? ['the input, for the request was not kept'] : asked.uncounted),
    ...(estimated.includes('out') ? answer.uncounted : []),
  ];
  if (uncounted.length > 0) {
    const detail = `Not counted: ${uncounted.join('; ')}.`.slice(0, MAX_DETAIL_CHARACTERS);
    notes.push({ code: 'estimate_incomplete', detail });
  }
  const anomalies = [...usage.anomalies, ...notes];
  return { ...usage, segments: [...others, main], completeness: 'estimated', estimated, anomalies };
}

// What the usage event's schema takes.
const MAX_DETAIL_CHARACTERS = 512;

/** Something was produced, or the upstream was at it when the answer broke off. */
function wasAnswered({ texts, dropped, uncounted, begun, failed }: PassedText): boolean {
  const passed =
    Object.values(texts).some((some) => some.length > 0) || Object.values(dropped).some((bytes) => bytes > 0);
  return passed || uncounted.length > 0 || (begun && !failed);
}

function isTold({ segments }: Usage, prefix: 'in.' | 'out.'): boolean {
  return segments.flatMap(segmentQuantities).some(({ dimension }) => dimension.startsWith(prefix));
}

function methodOf(estimated: readonly ('in' | 'out')[], { name }: Tokenizer): string {
  const what = estimated.length === 2 ? 'Input and output are' : estimated[0] === 'in' ? 'Input is' : 'Output is';
  return `${what} counted from what passed, with ${name}.`;
}

/** The segment that the answer belongs to, and the others. */
function mainSegment({ segments }: Usage): [UsageSegment, UsageSegment[]] {
  const at = segments.findLastIndex(({ kind }) => kind === 'main');
  return [segments[at] ?? { kind: 'main', in: {}, out: {} }, segments.filter((_, other) => other !== at)];
}

function inputOf(asked: Asked, { tokenizer, limits }: EstimateSource, notes: UsageAnomaly[]): UsageSegment['in'] {
  const counted = asked.texts.reduce((sum, text) => sum + tokenizer.count(text), asked.tokens);
  const most = limits.contextTokens ?? Infinity;
  if (counted > most) notes.push(cutNote('Input', counted, most));
  return { fresh: { text: Math.min(counted, most) } };
}

function outputOf(
  segment: UsageSegment,
  asked: Asked,
  { answer, tokenizer, limits }: EstimateSource,
  notes: UsageAnomaly[],
): UsageSegment['out'] {
  const counted = countOutput(answer, tokenizer);
  const bounds = [limits.maxOutputTokens, limits.contextTokens, asked.maxOutputTokens];
  const limit = Math.min(...bounds.filter((bound) => bound !== undefined)) * asked.answers;
  const { out, cut } = raiseOutput(segment.out, counted, limit);
  if (cut) notes.push(cutNote('Output', counted.text + counted.reasoning, limit));
  return out;
}

function cutNote(what: string, counted: number, most: number): UsageAnomaly {
  return { code: 'estimate_cut', detail: `${what} was counted as ${counted}, but can be ${most} at most.` };
}
