import { countIn, nameIn, type Note } from './count.js';
import { isDone } from './done-event.js';
import { asObject, isEmpty, objectsIn, present, type JsonObject } from './json.js';
import { modifiersIn } from './openai-chat.js';
import { type Difference, NO_DIFFERENCE, openaiSegment, responsesWords } from './openai-tokens.js';
import { providerCostIn } from './provider-cost.js';
import { providerName } from './provider-name.js';
import type { UsageUnit } from './usage.js';
import type { Counted, CountingContext, Told, UsageFamily } from './usage-family.js';

/**
 * OpenAI responses. `input_tokens` includes cached and cache-written tokens, `output_tokens` includes reasoning. A
 * stream tells its usage in the event that ends it, and nowhere else: what an earlier event holds is no count.
 * https://platform.openai.com/docs/api-reference/responses/object
 */
export const openaiResponses: UsageFamily = {
  usageMembers: ['usage'],
  // Ends input_tokens, output_tokens and total_tokens.
  marks: [Buffer.from('kens":')],
  hearAnswer: hear,
  hearEvent(message, told, note) {
    const response = asObject(message['response']);
    if (ENDINGS.has(message['type'])) {
      hear(response, told, note);
      told.atEnd = true;
    } else {
      told.model = nameIn(response, 'model', note) ?? told.model;
    }
    hearError(message, response, note);
  },
  isEnd: isDone,
  count,
};

const ENDINGS: ReadonlySet<unknown> = new Set(['response.completed', 'response.incomplete', 'response.failed']);

const differences: Readonly<Record<string, Difference>> = {
  openrouter: { writesMayBeRead: true },
};

function hear(response: JsonObject | undefined, told: Told, note: Note): void {
  told.model = nameIn(response, 'model', note) ?? told.model;
  told.tier = nameIn(response, 'service_tier', note) ?? told.tier;
  const usage = asObject(response?.['usage']);
  if (usage !== undefined && !isEmpty(usage)) told.usage = usage;
  told.units = toolCallsIn(response) ?? told.units;
}

/** The event `error` has its code beside its type; a response that failed has an error within. */
function hearError(message: JsonObject, response: JsonObject | undefined, note: Note): void {
  const error = asObject(response?.['error']) ?? (message['type'] === 'error' ? message : undefined);
  if (error === undefined || asObject(message['error']) !== undefined) return;
  note('stream_error', `The upstream reported ${nameIn(error, 'code', note) ?? 'an error'}.`);
}

/** The built-in tools that are billed by the call. */
const toolUnits: Readonly<Record<string, UsageUnit>> = {
  web_search_call: 'webSearch',
  file_search_call: 'fileSearch',
  code_interpreter_call: 'codeExec',
  image_generation_call: 'images',
};

/** undefined when none was called: an answer says nothing of tools that it did not use. */
function toolCallsIn(response: JsonObject | undefined): Partial<Record<UsageUnit, number>> | undefined {
  const calls: Partial<Record<UsageUnit, number>> = {};
  for (const item of objectsIn(response?.['output'])) {
    const unit = toolUnits[String(item['type'])];
    if (unit !== undefined && isBilled(item)) calls[unit] = (calls[unit] ?? 0) + 1;
  }
  return isEmpty(calls) ? undefined : calls;
}

/**
 * Of a web search only the action `search` is billed, not the opening of a page or the finding within one.
 * https://platform.openai.com/docs/guides/tools-web-search
 */
function isBilled(item: JsonObject): boolean {
  const action = asObject(item['action'])?.['type'];
  return item['type'] !== 'web_search_call' || action === undefined || action === 'search';
}

function count(usage: JsonObject, { provider, told, note }: CountingContext): Counted {
  const { segment, complete } = openaiSegment(
    usage,
    responsesWords,
    differences[providerName(provider)] ?? NO_DIFFERENCE,
    note,
  );
  const units = present({ ...told.units, ...toolUsageIn(usage, note) });
  return {
    segments: [segment],
    units,
    modifiers: modifiersIn(usage, told.tier, note),
    providerCost: providerCostIn(usage, note),
    complete,
  };
}

/**
 * xAI counts the calls that it bills, which may be fewer than those that its output shows. A search of X costs what one
 * of the web does, and documents are searched as files. https://docs.x.ai/docs/guides/tools/overview
 */
function toolUsageIn(usage: JsonObject, note: Note): Partial<Record<UsageUnit, number>> | undefined {
  const calls = asObject(usage['server_side_tool_usage_details']);
  const sum = (...names: string[]) => {
    const told = names.map((name) => countIn(calls, name, note)).filter((value) => value !== undefined);
    return told.length === 0 ? undefined : told.reduce((a, b) => a + b);
  };
  return present({
    webSearch: sum('web_search_calls', 'x_search_calls'),
    fileSearch: sum('file_search_calls', 'document_search_calls'),
    codeExec: sum('code_interpreter_calls'),
    images: sum('image_generation_calls'),
  });
}
