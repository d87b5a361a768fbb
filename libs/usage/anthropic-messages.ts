import type { Frame } from '#framing/frame.js';
import { countIn, Division, nameIn, type Note } from './count.js';
import { asObject, objectsIn, present, type JsonObject } from './json.js';
import { providerCostIn } from './provider-cost.js';
import type { InputQuantities, UsageSegment } from './usage.js';
import type { Counted, CountingContext, Told, UsageFamily } from './usage-family.js';
import { mentionsAny } from './usage-mention.js';

/** What Bedrock adds to the last event of a stream. Its counts are those of the usage, under other names. */
const BEDROCK_METRICS = 'amazon-bedrock-invocationMetrics';

/**
 * Anthropic messages, at Anthropic, Bedrock and Vertex. `input_tokens` excludes cache reads and writes; `output_tokens`
 * includes thinking. In a stream message_start tells the input, and message_delta a running total: field by field its
 * word replaces the earlier one. https://docs.anthropic.com/en/api/messages-streaming
 */
export const anthropicMessages: UsageFamily = {
  usageMembers: ['usage', BEDROCK_METRICS],
  // Of usage, and of Bedrock's metrics.
  marks: [Buffer.from('ge":'), Buffer.from('Metric')],
  hearAnswer: hearMessage,
  hearEvent(message, told, note) {
    switch (message['type']) {
      case 'message_start':
        return hearMessage(asObject(message['message']), told, note);
      case 'message_delta':
        return hearDelta(message, told);
      case 'message_stop':
        told.usage ??= usageOfMetrics(asObject(message[BEDROCK_METRICS]));
        told.atEnd = true;
    }
  },
  isEnd: ({ type, data }: Frame) =>
    type === 'message_stop' && (data === undefined || !mentionsAny(data, [BEDROCK_METRICS])),
  count,
};

function hearMessage(message: JsonObject | undefined, told: Told, note: Note): void {
  told.model = nameIn(message, 'model', note) ?? told.model;
  told.usage = asObject(message?.['usage']) ?? told.usage;
}

function hearDelta(message: JsonObject, told: Told): void {
  const usage = asObject(message['usage']);
  if (usage === undefined) return;
  const given = Object.entries(usage).filter(([, value]) => value !== null);
  told.usage = { ...told.usage, ...Object.fromEntries(given) };
  told.atEnd = typeof asObject(message['delta'])?.['stop_reason'] === 'string';
}

/** https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-anthropic-claude-messages.html */
function usageOfMetrics(metrics: JsonObject | undefined): JsonObject | undefined {
  return (
    metrics &&
    present({
      input_tokens: metrics['inputTokenCount'],
      output_tokens: metrics['outputTokenCount'],
      cache_read_input_tokens: metrics['cacheReadInputTokenCount'],
      cache_creation_input_tokens: metrics['cacheWriteInputTokenCount'],
    })
  );
}

/** Fetches of web pages are counted by the provider too, but cost nothing: they stay in the raw usage. */
function count(usage: JsonObject, { note }: CountingContext): Counted {
  const tools = asObject(usage['server_tool_use']);
  const units = present({
    webSearch: countIn(tools, 'web_search_requests', note),
    codeExec: countIn(tools, 'code_execution_requests', note),
  });
  const tierServed = nameIn(usage, 'service_tier', note);
  const modifiers = present({
    byok: typeof usage['is_byok'] === 'boolean' ? usage['is_byok'] : undefined,
    geo: nameIn(usage, 'inference_geo', note),
    speed: nameIn(usage, 'speed', note),
    tierServed,
  });
  const providerCost = providerCostIn(usage, note);
  return {
    segments: segmentsOf(usage, note),
    units,
    modifiers,
    providerCost,
    complete: countIn(usage, 'input_tokens', note) !== undefined && countIn(usage, 'output_tokens', note) !== undefined,
  };
}

/** What is told for the whole answer only, and belongs to its own calls, in order, as far as they reach. */
interface Shared {
  thinking: number | undefined;
  hourWrites: number | undefined;
}

/** The top level leaves out what an advisor and the compaction of a conversation used; `iterations` has each call. */
function segmentsOf(usage: JsonObject, note: Note): UsageSegment[] {
  const iterations = objectsIn(usage['iterations']);
  const shared: Shared = {
    thinking: countIn(asObject(usage['output_tokens_details']), 'thinking_tokens', note),
    hourWrites: countIn(asObject(usage['cache_creation']), 'ephemeral_1h_input_tokens', note),
  };
  const segments =
    iterations.length === 0
      ? [segmentOf(usage, { kind: 'main', model: undefined }, shared, note)]
      : iterations.map((call) => segmentOf(call, calledIn(call, note), shared, note));
  if (shared.thinking !== undefined && shared.thinking > 0) {
    note('part_exceeds_whole', `thinking_tokens is ${shared.thinking} more than output_tokens.`);
  }
  return segments;
}

interface Called {
  readonly kind: UsageSegment['kind'];
  readonly model: string | undefined;
}

function calledIn(call: JsonObject, note: Note): Called {
  return { kind: kindOf(call, note), model: nameIn(call, 'model', note) };
}

function segmentOf(call: JsonObject, { kind, model }: Called, shared: Shared, note: Note): UsageSegment {
  const output = countIn(call, 'output_tokens', note);
  const reasoning =
    kind === 'main' && shared.thinking !== undefined ? Math.min(shared.thinking, output ?? 0) : undefined;
  if (shared.thinking !== undefined) shared.thinking -= reasoning ?? 0;
  const text = output === undefined ? undefined : output - (reasoning ?? 0);
  const input = inputOf(kind === 'main' ? withHourWrites(call, shared, note) : call, note);
  const out = present({ reasoning, text }) ?? {};
  return model === undefined ? { in: input, kind, out } : { in: input, kind, model, out };
}

/** A call whose cache writes are not split by duration has its share of the answer's own split. */
function withHourWrites(call: JsonObject, shared: Shared, note: Note): JsonObject {
  if (asObject(call['cache_creation']) !== undefined || shared.hourWrites === undefined) return call;
  const written = countIn(call, 'cache_creation_input_tokens', note) ?? 0;
  const hourWrites = Math.min(written, shared.hourWrites);
  shared.hourWrites -= hourWrites;
  return hourWrites === 0 ? call : { ...call, cache_creation: { ephemeral_1h_input_tokens: hourWrites } };
}

function kindOf(call: JsonObject, note: Note): UsageSegment['kind'] {
  switch (call['type']) {
    // fallback_message: another model answered where the first one would not, and both are billed.
    case 'message':
    case 'fallback_message':
      return 'main';
    case 'advisor_message':
      return 'advisor';
    case 'compaction':
      return 'compaction';
    default:
      note('iteration_unknown', 'An iteration has a type that is not known: it is taken for a part of the answer.');
      return 'main';
  }
}

function inputOf(call: JsonObject, note: Note): InputQuantities {
  const fresh = present({ text: countIn(call, 'input_tokens', note) });
  const cacheRead = present({ text: countIn(call, 'cache_read_input_tokens', note) });
  const cacheWrite = cacheWriteOf(call, note);
  return present({ cacheRead, cacheWrite, fresh }) ?? {};
}

/** What is not said to live for an hour lives for five minutes: that is the default. */
function cacheWriteOf(call: JsonObject, note: Note): InputQuantities['cacheWrite'] {
  const split = asObject(call['cache_creation']);
  const fiveMinutes = countIn(split, 'ephemeral_5m_input_tokens', note);
  const oneHour = countIn(split, 'ephemeral_1h_input_tokens', note);
  const whole = countIn(call, 'cache_creation_input_tokens', note);
  if (whole === undefined) return present({ ttl1h: oneHour, ttl5m: fiveMinutes });
  const division = new Division('cache_creation_input_tokens', whole, note);
  const ttl1h = division.take('ephemeral_1h_input_tokens', oneHour);
  const ttl5m = division.rest();
  if (fiveMinutes !== undefined && fiveMinutes !== ttl5m) {
    note(
      'total_mismatch',
      `cache_creation_input_tokens is ${whole}, but its parts are ${fiveMinutes} and ${oneHour ?? 0}.`,
    );
  }
  return present({ ttl1h, ttl5m });
}
