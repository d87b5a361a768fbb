import type { JsonObject } from '#usage/json.js';
import { inputTokens, outputTokens, type Usage, type UsageSegment } from '#usage/usage.js';

/** In Anthropic's words; a tier that it does not know is not told. */
const tiers: ReadonlyMap<string, string> = new Map(
  Object.entries({
    standard: 'standard',
    default: 'standard',
    priority: 'priority',
    batch: 'batch',
  }),
);

/** Every count that is not known yet: Anthropic's required ones are 0, and the end of the stream replaces them. */
const NOTHING = { segments: [] } as const;

/**
 * `input_tokens` excludes what the cache read and took; `output_tokens` includes thinking.
 * @param usage absent at the start of a stream
 */
export function writeUsage({ segments, units, modifiers }: Pick<Usage, 'segments' | 'units' | 'modifiers'> = NOTHING) {
  const cacheRead = sum(segments, ({ in: { cacheRead } }) => valuesOf(cacheRead));
  const written = sum(segments, ({ in: { cacheWrite } }) => valuesOf(cacheWrite));
  const forAnHour = sum(segments, ({ in: { cacheWrite } }) => valuesOf({ ttl1h: cacheWrite?.ttl1h })) ?? 0;
  const thinking = sum(segments, ({ out: { reasoning } }) => valuesOf({ reasoning }));
  const input = segments.reduce((total, segment) => total + inputTokens(segment), 0);
  const output = segments.reduce((total, segment) => total + outputTokens(segment), 0);
  const tier = modifiers?.tierServed;
  return {
    input_tokens: input - (cacheRead ?? 0) - (written ?? 0),
    cache_creation_input_tokens: written ?? null,
    cache_read_input_tokens: cacheRead ?? null,
    cache_creation:
      written === undefined
        ? null
        : { ephemeral_5m_input_tokens: written - forAnHour, ephemeral_1h_input_tokens: forAnHour },
    output_tokens: output,
    output_tokens_details: thinking === undefined ? null : { thinking_tokens: thinking },
    server_tool_use:
      units?.webSearch === undefined ? null : { web_search_requests: units.webSearch, web_fetch_requests: 0 },
    service_tier: tier === undefined ? null : (tiers.get(tier) ?? null),
    inference_geo: modifiers?.geo ?? null,
    speed: modifiers?.speed ?? null,
  } satisfies JsonObject;
}

/** undefined when no segment tells it. */
function sum(segments: readonly UsageSegment[], counts: (segment: UsageSegment) => number[]): number | undefined {
  const told = segments.flatMap(counts);
  return told.length === 0 ? undefined : told.reduce((total, count) => total + count, 0);
}

function valuesOf(counts: Readonly<Record<string, number | undefined>> | undefined): number[] {
  return Object.values(counts ?? {}).filter((count) => count !== undefined);
}
