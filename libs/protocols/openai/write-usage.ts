import type { JsonObject } from '#usage/json.js';
import { inputTokens, outputTokens, type Usage, type UsageSegment } from '#usage/usage.js';

/** The usage object, or undefined when nothing is known. All models that worked on the answer are in it. */
export function writeUsage({ segments }: Usage): JsonObject | undefined {
  const prompt = total(segments, (segment) => (isTold(segment.in) ? inputTokens(segment) : undefined));
  const completion = total(segments, (segment) => (isTold(segment.out) ? outputTokens(segment) : undefined));
  if (prompt === undefined && completion === undefined) return undefined;
  const sum = (count: (segment: UsageSegment) => number | undefined) => total(segments, count);
  return {
    ...told({ prompt_tokens: prompt, completion_tokens: completion }),
    ...(prompt !== undefined && completion !== undefined && { total_tokens: prompt + completion }),
    ...detail('prompt_tokens_details', {
      cached_tokens: sum((segment) => sumOf(segment.in.cacheRead)),
      cache_write_tokens: sum((segment) => sumOf(segment.in.cacheWrite)),
      audio_tokens: sum((segment) => segment.in.fresh?.audio),
    }),
    ...detail('completion_tokens_details', {
      reasoning_tokens: sum((segment) => segment.out.reasoning),
      audio_tokens: sum((segment) => segment.out.audio),
    }),
  };
}

type Counts = Readonly<Record<string, number | undefined>>;

function told(counts: Counts): JsonObject {
  return Object.fromEntries(Object.entries(counts).filter(([, count]) => count !== undefined));
}

function detail(name: string, counts: Counts): JsonObject {
  const known = told(counts);
  return Object.keys(known).length === 0 ? {} : { [name]: known };
}

/** Absent when no segment tells it: unknown is not zero. */
function total(segments: readonly UsageSegment[], count: (segment: UsageSegment) => number | undefined) {
  const counts = segments.map(count).filter((one) => one !== undefined);
  return counts.length === 0 ? undefined : counts.reduce((sum, one) => sum + one, 0);
}

function sumOf(counts: Counts | undefined): number | undefined {
  const known = Object.values(counts ?? {}).filter((count) => count !== undefined);
  return known.length === 0 ? undefined : known.reduce((sum, count) => sum + count, 0);
}

function isTold(quantities: object): boolean {
  return Object.keys(quantities).length > 0;
}
