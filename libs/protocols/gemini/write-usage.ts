import type { JsonObject } from '#usage/json.js';
import { inputTokens, outputTokens, type Usage, type UsageSegment } from '#usage/usage.js';
import { readServiceTier, writeServiceTier } from './service-tier.js';

/**
 * The prompt includes what came from the cache, candidates exclude thoughts, and what a tool answered stands beside
 * the prompt. Cache writes have no place of their own: they are a part of the prompt.
 * https://ai.google.dev/api/generate-content#UsageMetadata
 */
export function writeUsage({ segments, modifiers }: Usage): JsonObject | undefined {
  if (segments.length === 0) return undefined;
  const toolUsePromptTokenCount = sumOf(segments, ({ in: input }) => input.toolPrompt);
  const thoughtsTokenCount = sumOf(segments, ({ out }) => out.reasoning);
  const input = sumOf(segments, (segment) => (isEmpty(segment.in) ? undefined : inputTokens(segment)));
  const output = sumOf(segments, (segment) => (isEmpty(segment.out) ? undefined : outputTokens(segment)));
  const cached = sumOf(segments, ({ in: { cacheRead } }) => cacheRead && sum(Object.values(cacheRead)));
  const prompt = input === undefined ? undefined : input - (toolUsePromptTokenCount ?? 0);
  const candidates = output === undefined ? undefined : output - (thoughtsTokenCount ?? 0);
  const counts = {
    promptTokenCount: prompt,
    cachedContentTokenCount: cached,
    candidatesTokenCount: candidates,
    toolUsePromptTokenCount,
    thoughtsTokenCount,
    totalTokenCount: input === undefined && output === undefined ? undefined : (input ?? 0) + (output ?? 0),
    promptTokensDetails: splitOf(
      prompt,
      segments.flatMap(({ in: { fresh, cacheRead } }) => [fresh, cacheRead]),
    ),
    cacheTokensDetails: splitOf(
      cached,
      segments.map(({ in: { cacheRead } }) => cacheRead),
    ),
    candidatesTokensDetails: splitOf(
      candidates,
      segments.map(({ out: { audio, image } }) => ({ audio, image })),
    ),
    trafficType: modifiers?.traffic,
    serviceTier: writeServiceTier(readServiceTier(modifiers?.tierServed)),
  };
  return Object.fromEntries(Object.entries(counts).filter(([, value]) => value !== undefined));
}

/** Absent when no segment tells it. */
function sumOf(segments: readonly UsageSegment[], read: (segment: UsageSegment) => number | undefined) {
  const counts = segments.map(read).filter((count) => count !== undefined);
  return counts.length === 0 ? undefined : sum(counts);
}

function sum(counts: readonly (number | undefined)[]): number {
  return counts.reduce<number>((all, count) => all + (count ?? 0), 0);
}

function isEmpty(quantities: object): boolean {
  return Object.keys(quantities).length === 0;
}

type Split = Readonly<Record<string, number | undefined>> | undefined;

/** By modality, where there is anything but text. What no modality is known of is text, as Google counts it. */
function splitOf(whole: number | undefined, splits: readonly Split[]): JsonObject[] | undefined {
  const tokens = new Map<string, number>();
  for (const split of splits) {
    for (const [modality, count] of Object.entries(split ?? {})) {
      if (modality !== 'text' && count !== undefined) tokens.set(modality, (tokens.get(modality) ?? 0) + count);
    }
  }
  if (whole === undefined || tokens.size === 0) return undefined;
  tokens.set('text', whole - sum([...tokens.values()]));
  return [...tokens].map(([modality, tokenCount]) => ({ modality: modality.toUpperCase(), tokenCount }));
}
