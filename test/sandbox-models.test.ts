import { describe, expect, it } from '@jest/globals';
import { listPrices } from '#apps/pricing/price-book/list-prices.js';
import { models } from '#apps/sandbox/models.js';
import { planRequest } from '#apps/standalone/demo/plan-request.js';
import { sandboxModels } from '#apps/standalone/sandbox-channels.js';

/** Apps do not import each other, so what they have to agree on is compared here. */
describe('the models of the sandbox', () => {
  it('are those of the channels that lead to it', () => {
    expect(sandboxModels).toEqual(models);
  });

  it('have a list price, except the one that is there to have none', () => {
    const { tariffs } = listPrices();
    const unpriced = (['openai', 'anthropic'] as const).flatMap((provider) =>
      models[provider].filter(
        (model) => !tariffs.some((tariff) => tariff.provider === provider && tariff.models.includes(model)),
      ),
    );
    expect(unpriced).toEqual(['sandbox-unpriced', 'sandbox-unpriced']);
  });

  it('include every model of the demo', () => {
    const row = { atMs: 0, contextTokens: 1, generatedTokens: 1 };
    for (let index = 0; index < 168; index += 1) {
      const { protocol, model } = planRequest(index, row);
      expect(models[protocol]).toContain(model);
    }
  });
});
