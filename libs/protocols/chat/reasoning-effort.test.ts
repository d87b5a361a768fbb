import { describe, expect, it } from '@jest/globals';
import type { Target } from './chat-protocol.js';
import { Losses } from './losses.js';
import { reasoningBudget, reasoningEffort } from './reasoning-effort.js';

const target = () => {
  const losses = new Losses();
  return { losses, settingNames: { reasoning: 'thinking' } } as unknown as Target;
};

describe('the effort of reasoning', () => {
  it.each([
    [0, 'none'],
    [1, 'minimal'],
    [1024, 'low'],
    [5000, 'low'],
    [8192, 'medium'],
    [24_575, 'medium'],
    [24_576, 'high'],
    [60_000, 'high'],
  ])('for a budget of %i tokens is %s', (budgetTokens, effort) => {
    expect(reasoningEffort({ budgetTokens }, target())).toBe(effort);
  });

  it('is a hint where it only comes near', () => {
    const to = target();
    reasoningEffort({ budgetTokens: 5000 }, to);
    expect(to.losses.list()).toEqual([
      { at: 'thinking', reason: 'a budget of 5000 tokens becomes effort low', weight: 'hint' },
    ]);
  });

  it('is left to the model by a budget of -1', () => {
    expect(reasoningEffort({ budgetTokens: -1 }, target())).toBeUndefined();
  });

  it.each(['none', 'low', 'medium', 'high'] as const)('%s comes back from its budget', (effort) => {
    const to = target();
    const budgetTokens = reasoningBudget({ effort }, to);
    expect(reasoningEffort(budgetTokens === undefined ? {} : { budgetTokens }, to)).toBe(effort);
    expect(to.losses.list()).toEqual([]);
  });
});
