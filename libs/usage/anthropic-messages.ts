import { countIn, Division, nameIn, type Note } from './count.js';
import { asObject, objectsIn, present, type JsonObject } from './json.js';
import type { InputQuantities, UsageSegment } from './usage.js';
import type { Counted, CountingContext, Told, UsageFamily } from './usage-family.js';

/**
 * Anthropic messages. `input_tokens` excludes cache reads and writes; `output_tokens` includes thinking. In a stream
 * message_start tells the input, and message_delta a running total: field by field its word replaces the earlier one.
 * https://docs.anthropic.com/en/api/messages-streaming
 */
export const anthropicMessages: UsageFamily = {
  usageMembers: ['usage'],
  hearAnswer: hearMessage,
  hearEvent(message, told, note) {
    if (message['type'] === 'message_start') return hearMessage(asObject(message['message']), told, note);
    const usage = asObject(message['usage']);
    if (message['type'] !== 'message_delta' || usage === undefined) return;
    const given = Object.entries(usage).filter(([, value]) => value !== null);
    told.usage = { ...told.usage, ...Object.fromEntries(given) };
    told.atEnd = typeof asObject(message['delta'])?.['stop_reason'] === 'string';
  },
  isEnd: ({ type }) => type === 'message_stop',
  count,
};

function hearMessage(message: JsonObject | undefined, told: Told, note: Note): void {
  told.model = nameIn(message, 'model', note) ?? told.model;
  told.usage = asObject(message?.['usage']) ?? told.usage;
}

function count(usage: JsonObject, { note }: CountingContext): Counted {
  const tools = asObject(usage['server_tool_use']);
  const units = present({
    webSearch: countIn(tools, 'web_search_requests', note),
    codeExec: countIn(tools, 'code_execution_requests', note),
  });
  const modifiers = present({
    tierServed: nameIn(usage, 'service_tier', note),
    geo: nameIn(usage, 'inference_geo', note),
    speed: nameIn(usage, 'speed', note),
  });
  return {
    segments: segmentsOf(usage, note),
    ...(units && { units }),
    ...(modifiers && { modifiers }),
    complete: countIn(usage, 'input_tokens', note) !== undefined && countIn(usage, 'output_tokens', note) !== undefined,
  };
}

/** The top level leaves out what an advisor and the compaction of a conversation used; `iterations` has each call. */
function segmentsOf(usage: JsonObject, note: Note): UsageSegment[] {
  const iterations = objectsIn(usage['iterations']);
  const calls: JsonObject[] = iterations.length === 0 ? [{ ...usage, type: 'message', model: undefined }] : iterations;
  // Thinking is told for the whole answer only. It is a part of the answer's own calls, in order, as far as they reach.
  let thinking = countIn(asObject(usage['output_tokens_details']), 'thinking_tokens', note);
  const segments = calls.map((call): UsageSegment => {
    const kind = kindOf(call, note);
    const model = nameIn(call, 'model', note);
    const output = countIn(call, 'output_tokens', note);
    const reasoning = kind === 'main' && thinking !== undefined ? Math.min(thinking, output ?? 0) : undefined;
    if (thinking !== undefined) thinking -= reasoning ?? 0;
    const text = output === undefined ? undefined : output - (reasoning ?? 0);
    return { kind, ...(model && { model }), in: inputOf(call, note), out: present({ text, reasoning }) ?? {} };
  });
  if (thinking !== undefined && thinking > 0) {
    note('part_exceeds_whole', `thinking_tokens is ${thinking} more than output_tokens.`);
  }
  return segments;
}

function kindOf(call: JsonObject, note: Note): UsageSegment['kind'] {
  switch (call['type']) {
    case 'message':
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
  return { ...(fresh && { fresh }), ...(cacheRead && { cacheRead }), ...(cacheWrite && { cacheWrite }) };
}

/** What is not said to live for an hour lives for five minutes: that is the default. */
function cacheWriteOf(call: JsonObject, note: Note): InputQuantities['cacheWrite'] {
  const split = asObject(call['cache_creation']);
  const fiveMinutes = countIn(split, 'ephemeral_5m_input_tokens', note);
  const oneHour = countIn(split, 'ephemeral_1h_input_tokens', note);
  const whole = countIn(call, 'cache_creation_input_tokens', note);
  if (whole === undefined) return present({ ttl5m: fiveMinutes, ttl1h: oneHour });
  const division = new Division('cache_creation_input_tokens', whole, note);
  const ttl1h = division.take('ephemeral_1h_input_tokens', oneHour);
  const ttl5m = division.rest();
  if (fiveMinutes !== undefined && fiveMinutes !== ttl5m) {
    note(
      'total_mismatch',
      `cache_creation_input_tokens is ${whole}, but its parts are ${fiveMinutes} and ${oneHour ?? 0}.`,
    );
  }
  return present({ ttl5m, ttl1h });
}
