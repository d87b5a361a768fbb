import type { Rating } from '#contracts/charge.js';
import type { AttemptOutcome } from '#contracts/usage-event.js';
import { type Currency, MAX_PICO, type Pico } from '#money/pico.js';
import {
  billedModel,
  hasQuantities,
  inputTokens,
  type Quantity,
  segmentQuantities,
  unitQuantities,
  type Usage,
} from '#usage/usage.js';
import { type CompiledPriceBook, findRate, findTariff } from './compile-price-book.js';
import { serviceTier } from './service-tier.js';

type Suspended = Extract<Rating, { status: 'suspended' }>;
type Voided = Extract<Rating, { status: 'voided' }>;
type SuspensionCode = Suspended['reason']['code'];

/** What one attempt costs, exactly, or why that is not known. */
export type RatedUsage = RatedCharge | Suspended | Voided;

export interface RatedCharge {
  readonly status: 'charged';
  readonly currency: Currency;
  readonly amount: Pico;
  /** What the provider bills us. List price, as the customer's, while no channel has a discount. */
  readonly cost: Pico;
  readonly lines: readonly RatedLine[];
}

/** amount = quantity × unitPrice. */
export interface RatedLine {
  readonly model: string;
  readonly dimension: string;
  readonly quantity: number;
  readonly unitPrice: Pico;
  readonly amount: Pico;
}

/** What of an attempt decides its price. */
export interface Attempt {
  readonly outcome: AttemptOutcome;
  readonly priceVersion: string;
  readonly usage: Usage;
}

/**
 * Rates an attempt with the price book that it was pinned to when it was opened, so a replay bills the same amount.
 * A quantity of exactly 0 needs no price and makes no line; one price missing suspends the whole attempt, because a part
 * of a price is a wrong price. Where nothing has a price and nothing was used, nothing is missing.
 * @param book undefined when nobody knows the version.
 */
export function rateUsage(attempt: Attempt, book: CompiledPriceBook | undefined): RatedUsage {
  const unbillable = whyNotBillable(attempt);
  if (unbillable !== undefined) return unbillable;
  if (book === undefined) return suspended('price_version_unknown', `No price book ${attempt.priceVersion} is stored.`);

  const priced: PricedPart[] = [];
  const parts = partsOf(attempt.usage);
  for (const part of parts) {
    const outcome = pricePart(attempt.usage, part, book);
    if ('status' in outcome) return parts.every(isNothing) ? NOTHING_USED : outcome;
    priced.push(outcome);
  }
  return sum(priced);
}

/** The quantities that share one model and one size of input. */
interface Part {
  readonly model: string;
  readonly inputTokens: number;
  readonly quantities: readonly Quantity[];
}

interface PricedPart {
  readonly currency: Currency;
  readonly lines: readonly RatedLine[];
}

const NOTHING_USED: Voided = {
  status: 'voided',
  reason: { code: 'nothing_used', detail: 'All that was counted is 0, of a model without a price.' },
};

const isNothing = ({ quantities }: Part): boolean => quantities.every(({ quantity }) => quantity === 0);

function whyNotBillable({ outcome, usage }: Attempt): Suspended | Voided | undefined {
  if (usage.completeness === 'missing' && outcome === 'failed') {
    return {
      status: 'voided',
      reason: { code: 'upstream_error', detail: 'The upstream failed and reported no usage.' },
    };
  }
  // Nobody saw how an expired attempt ended, so whatever was counted of it is not the end.
  if (outcome === 'expired') return suspended('usage_missing', 'The relay died while the attempt was open.');
  switch (usage.completeness) {
    case 'missing':
      return suspended('usage_missing', `The attempt ended ${outcome} and the upstream reported no usage.`);
    case 'partial':
      return suspended('usage_partial', `The attempt ended ${outcome} after a part of its usage was reported.`);
    case 'estimated':
      return suspended('usage_estimated', `The attempt ended ${outcome} and its usage is an estimate.`);
    case 'final':
      return hasQuantities(usage)
        ? undefined
        : suspended('usage_missing', 'The usage is called final but holds no quantity.');
  }
}

function partsOf(usage: Usage): Part[] {
  const model = billedModel(usage);
  const parts: Part[] = usage.segments.map((segment) => ({
    model: segment.model ?? model,
    inputTokens: inputTokens(segment),
    quantities: segmentQuantities(segment),
  }));
  parts.push({ model, inputTokens: 0, quantities: unitQuantities(usage) });
  return parts.filter(({ quantities }) => quantities.length > 0);
}

function pricePart(usage: Usage, part: Part, book: CompiledPriceBook): PricedPart | Suspended {
  const { model } = part;
  const tariff = findTariff(book, usage.provider, model);
  if (tariff === undefined) return suspended('price_missing', `${usage.provider} ${model} has no price.`);
  const tier = serviceTier(usage.modifiers);
  const rate = findRate(tariff, tier, part.inputTokens);
  if (rate === undefined) return suspended('price_missing', `${model} has no price for the tier "${tier}".`);

  const lines: RatedLine[] = [];
  for (const { dimension, quantity } of part.quantities) {
    if (quantity === 0) continue;
    const unitPrice = rate.unitPrices.get(dimension);
    if (unitPrice === undefined) {
      return suspended('dimension_unpriced', `${model} has no ${tier} price for ${dimension}.`);
    }
    lines.push({ model, dimension, quantity, unitPrice, amount: BigInt(quantity) * unitPrice });
  }
  return { currency: tariff.currency, lines };
}

function sum(parts: readonly PricedPart[]): RatedUsage {
  const [first] = parts;
  if (first === undefined || parts.some(({ currency }) => currency !== first.currency)) {
    const currencies = new Set(parts.map(({ currency }) => currency));
    return suspended('price_missing', `The models that worked on it are priced in ${[...currencies].join(' and ')}.`);
  }
  // The dimensions of one part differ.
  const lines = parts.length === 1 ? first.lines : mergeLines(parts.flatMap((part) => part.lines));
  let [amount, quantity] = [0n, 0];
  for (const line of lines) {
    amount += line.amount;
    quantity += line.quantity;
  }
  if (amount > MAX_PICO || !Number.isSafeInteger(quantity)) {
    return suspended('amount_out_of_range', 'The usage is more than an amount or a count can hold exactly.');
  }
  return { status: 'charged', currency: first.currency, amount, cost: amount, lines };
}

/** One line per model, dimension and price, so that a charge is no longer than its price list, whatever the usage. */
function mergeLines(lines: readonly RatedLine[]): RatedLine[] {
  const merged = new Map<string, RatedLine>();
  for (const line of lines) {
    const key = `${line.model} ${line.dimension} ${line.unitPrice}`;
    const same = merged.get(key);
    merged.set(
      key,
      same === undefined
        ? line
        : { ...line, quantity: same.quantity + line.quantity, amount: same.amount + line.amount },
    );
  }
  return [...merged.values()];
}

function suspended(code: SuspensionCode, detail: string): Suspended {
  // A cut through a surrogate pair would make the charge invalid.
  const most = detail.slice(0, 512).replace(/\p{Surrogate}$/u, '');
  return { status: 'suspended', reason: { code, detail: most } };
}
