import { asObject, present, type JsonObject } from '#usage/json.js';
import type { Target } from '../chat/chat-protocol.js';
import type { ChatRequest, Message, ReasoningSetting } from '../chat/chat-request.js';
import { reasoningBudget, reasoningEffort } from '../chat/reasoning-effort.js';
import { thinkingWords } from './claude-version.js';

/** Anthropic takes no smaller budget. Tokens. */
const MIN_BUDGET_TOKENS = 1024;

/** For a model that knows budgets only, when it is left to the model: effort medium. Tokens. */
const OPEN_BUDGET_TOKENS = 8192;

/** `max_tokens` and `thinking`, which depend on each other, and what belongs into `output_config`. */
export interface Thinking {
  readonly body: JsonObject;
  readonly thinks: boolean;
  readonly effort?: string;
}

export function writeThinking(request: ChatRequest, to: Target): Thinking {
  const { body, effort } = thinkingOf(request, to);
  const type = asObject(body['thinking'])?.['type'];
  return { body, thinks: type === 'enabled' || type === 'adaptive', ...(effort !== undefined && { effort }) };
}

function thinkingOf(request: ChatRequest, to: Target): Omit<Thinking, 'thinks'> {
  const { reasoning = {} } = request.settings;
  const { effort, budgetTokens } = reasoning;
  const isOff = effort === 'none' || budgetTokens === 0;
  const isAsked = effort !== undefined || budgetTokens !== undefined || isWanted(reasoning.shown);
  if (isOff || !isAsked) {
    return {
      body: { max_tokens: maxTokens(request, to, 0), ...(isOff && { thinking: { type: 'disabled' } }) },
      ...(effort !== undefined && effort !== 'none' && { effort: effortOf(effort, to) }),
    };
  }
  const words = thinkingWords(request.model ?? to.model);
  if (isForced(request)) {
    to.losses.hint(to.settingNames.reasoning, 'it does not think before a call that it is made to make');
    return { body: { max_tokens: maxTokens(request, to, 0) } };
  }
  const hasBudget = budgetTokens !== undefined && budgetTokens > 0;
  if (words === 'budgets') return { body: withBudget(request, openBudget(reasoning, to), to) };
  if (words === 'both' && hasBudget) {
    return {
      body: withBudget(request, budgetTokens, to),
      ...present({ effort: effort && effortOf(effort, to) }),
    };
  }
  const told = hasBudget ? reasoningEffort(reasoning, to) : effort;
  return {
    body: { max_tokens: maxTokens(request, to, 0), thinking: { type: 'adaptive', ...display(reasoning, to) } },
    ...(told !== undefined && { effort: effortOf(told, to) }),
  };
}

/** https://platform.claude.com/docs/en/build-with-claude/extended-thinking#extended-thinking-with-tool-use */
function isForced({ tools, settings: { toolChoice } }: ChatRequest): boolean {
  if (tools.length === 0) return false;
  const isRequired = toolChoice?.kind === 'allowed' && toolChoice.mode === 'required';
  return isRequired || toolChoice?.kind === 'required' || toolChoice?.kind === 'function';
}

/**
 * With a budget, a turn that is going on must have begun with a signed thought. Clients of other protocols send the
 * results of calls back without it. https://platform.claude.com/docs/en/build-with-claude/extended-thinking#preserving-thinking-blocks
 */
function lacksThought(messages: readonly Message[]): boolean {
  if (messages.at(-1)?.role !== 'tool') return false;
  const asked = messages.findLastIndex(({ role }) => role === 'user');
  const answer = messages.slice(asked + 1).find(({ role }) => role === 'assistant');
  const first = answer?.parts[0];
  return first?.kind !== 'reasoning' || (first.signature ?? first.redacted) === undefined;
}

function openBudget(reasoning: ReasoningSetting, to: Target): number {
  const { effort, budgetTokens } = reasoning;
  const at = to.settingNames.reasoning;
  if (effort !== undefined && budgetTokens !== undefined) {
    to.losses.hint(at, `of effort ${effort} and a budget of ${budgetTokens} tokens only the budget is told`);
  }
  const budget = reasoningBudget(reasoning, to) ?? -1;
  if (budget > 0) return budget;
  to.losses.hint(at, `a budget that is left to the model becomes one of ${OPEN_BUDGET_TOKENS} tokens`);
  return OPEN_BUDGET_TOKENS;
}

/** A budget is less than max_tokens. Everywhere the limit of a request includes the thoughts, so the limit stays. */
function withBudget(request: ChatRequest, asked: number, to: Target): JsonObject {
  const at = to.settingNames.reasoning;
  if (lacksThought(request.messages)) {
    to.losses.hint(at, 'the thought before the last calls is not there, and without it Claude does not think on');
    return { max_tokens: maxTokens(request, to, 0) };
  }
  const wanted = Math.max(asked, MIN_BUDGET_TOKENS);
  const max_tokens = maxTokens(request, to, wanted);
  const budget = wanted < max_tokens ? wanted : Math.max(Math.floor(max_tokens / 2), MIN_BUDGET_TOKENS);
  if (budget >= max_tokens) {
    to.losses.add(
      at,
      `it thinks with ${MIN_BUDGET_TOKENS} tokens at least, and the answer is limited to ${max_tokens}`,
    );
    return { max_tokens };
  }
  if (budget !== asked) to.losses.hint(at, `a budget of ${asked} tokens becomes one of ${budget}`);
  const { reasoning = {} } = request.settings;
  return { max_tokens, thinking: { type: 'enabled', budget_tokens: budget, ...display(reasoning, to) } };
}

function maxTokens(request: ChatRequest, to: Target, budgetTokens: number): number {
  const asked = request.settings.maxOutputTokens;
  if (asked !== undefined) return asked;
  const limit = to.defaultMaxOutputTokens + budgetTokens;
  to.losses.hint(to.settingNames.maxOutputTokens, `it wants a limit, and the request has none: ${limit} tokens`);
  return limit;
}

function effortOf(effort: string, to: Target): string {
  if (effort !== 'minimal') return effort;
  to.losses.hint(to.settingNames.reasoning, 'effort minimal becomes effort low');
  return 'low';
}

function isWanted(shown: ReasoningSetting['shown']): boolean {
  return shown !== undefined && shown !== false;
}

function display({ shown }: ReasoningSetting, to: Target): JsonObject {
  if (shown === undefined) return {};
  if (shown === 'concise' || shown === 'detailed') {
    to.losses.hint(to.settingNames.reasoning, `thoughts are shown at the length of its choice and not ${shown}`);
  }
  return { display: isWanted(shown) ? 'summarized' : 'omitted' };
}
