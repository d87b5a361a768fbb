import { Decimal } from 'decimal.js';
import { anthropic } from '#apps/pricing/price-book/anthropic.js';
import { openai } from '#apps/pricing/price-book/openai.js';
import type { PlannedRequest } from '#apps/standalone/demo/plan-request.js';

const sheets = { openai, anthropic };

/**
 * The price of a planned request from the price sheet as a person reads it: tokens × price per million, at the standard
 * tier, in decimal arithmetic. It shares no code with libs/rating or with the SQL of metering: it is what both are
 * checked against.
 */
export function priceByHand({ protocol, model, inputTokens, outputTokens }: PlannedRequest): Decimal {
  const listed = sheets[protocol].models.find(({ names }) => names.includes(model));
  const rates = (listed?.rates ?? []).filter(({ tier = 'standard' }) => tier === 'standard');
  const [rate] = rates
    .filter(({ aboveInputTokens = 0 }) => inputTokens > aboveInputTokens || aboveInputTokens === 0)
    .sort((one, other) => (other.aboveInputTokens ?? 0) - (one.aboveInputTokens ?? 0));
  const { input, output } = rate?.perMillion ?? {};
  if (input === undefined || output === undefined) throw new Error(`The price sheet does not list ${model}.`);
  const inputPrice = new Decimal(input).times(inputTokens);
  return inputPrice.plus(new Decimal(output).times(outputTokens)).dividedBy(1_000_000);
}

/** Σ of the prices, and Σ per name. */
export function totalsByHand(requests: readonly PlannedRequest[], nameOf: (request: PlannedRequest) => string) {
  const byName = new Map<string, Decimal>();
  for (const request of requests) {
    const name = nameOf(request);
    byName.set(name, (byName.get(name) ?? new Decimal(0)).plus(priceByHand(request)));
  }
  return Object.fromEntries([...byName].map(([name, total]) => [name, total.toFixed()]));
}

export const totalByHand = (requests: readonly PlannedRequest[]) =>
  requests.reduce((total, request) => total.plus(priceByHand(request)), new Decimal(0)).toFixed();
