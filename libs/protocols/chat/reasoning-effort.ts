import type { Target } from './chat-protocol.js';
import type { ReasoningSetting } from './chat-request.js';

export type Effort = NonNullable<ReasoningSetting['effort']>;

/** In Gemini and Anthropic a budget of -1 (Gemini's own word) leaves the length of thinking to the model. */
const MODEL_DECIDES = -1;

/**
 * Tokens of thought, as Google documents for its own OpenAI-compatible endpoint (ai.google.dev/gemini-api/docs/openai).
 * There is no documented step above `high`: 24576 is the most that all of its thinking models take.
 */
const budgetOf: Readonly<Record<Effort, number>> = {
  none: 0,
  minimal: 1024,
  low: 1024,
  medium: 8192,
  high: 24_576,
  xhigh: 24_576,
  max: 24_576,
};

/** For a protocol that knows efforts only. A budget becomes the largest step at or below it; undefined: the model decides. */
export function reasoningEffort(reasoning: ReasoningSetting, to: Target): Effort | undefined {
  const { effort, budgetTokens } = reasoning;
  const at = to.settingNames.reasoning;
  if (budgetTokens === undefined) return effort;
  if (effort !== undefined) {
    to.losses.hint(at, `of effort and a budget of ${budgetTokens} tokens only the effort is told`);
    return effort;
  }
  if (budgetTokens <= MODEL_DECIDES) {
    to.losses.hint(at, 'a budget that the model chooses becomes its usual effort');
    return undefined;
  }
  const nearest = effortWithin(budgetTokens);
  if (budgetOf[nearest] !== budgetTokens) {
    to.losses.hint(at, `a budget of ${budgetTokens} tokens becomes effort ${nearest}`);
  }
  return nearest;
}

/** For a protocol that knows budgets only. Unit: tokens; -1: the model decides. */
export function reasoningBudget(reasoning: ReasoningSetting, to: Target): number | undefined {
  const { effort, budgetTokens } = reasoning;
  if (effort === undefined || budgetTokens !== undefined) return budgetTokens;
  if (effort === 'xhigh' || effort === 'max') {
    to.losses.hint(to.settingNames.reasoning, `effort ${effort} becomes a budget of ${budgetOf[effort]} tokens`);
  }
  return budgetOf[effort];
}

function effortWithin(budgetTokens: number): Effort {
  if (budgetTokens === 0) return 'none';
  // Little thought is still thought: a budget below the smallest step does not turn it off.
  return (['high', 'medium', 'low'] as const).find((step) => budgetOf[step] <= budgetTokens) ?? 'minimal';
}
