import { type Currency, type Pico } from '#money/pico.js';
import {
  type CompiledPriceBook,
  type CompiledRate,
  type CompiledTariff,
  findRate,
  findTariff,
} from '#rating/compile-price-book.js';
import { Asked } from '#usage/estimate/asked.js';
import { estimateFamily } from '#usage/estimate/families.js';
import type { JsonObject } from '#usage/json.js';

/** Whose price a request has. */
export interface PricedModel {
  readonly provider: string;
  /** By the client's name. */
  readonly model: string;
  /** By the upstream's, under which a provider lists its price. Absent where it is the same. */
  readonly upstreamModel?: string;
  /** The family of its usage. */
  readonly api: string;
}

/** What decides the price of a request before it is sent. */
export interface PlannedAttempt extends PricedModel {
  readonly bodyBytes: number;
  /** Absent of a body that is no JSON. */
  readonly json?: JsonObject | undefined;
}

/** What the lines of a batch may come to in all. */
export interface BatchTokens {
  readonly lines: number;
  readonly input: number;
  readonly output: number;
  /** Of one line: it decides the rate. */
  readonly largestInput: number;
}

/** What a request may come to: it is held before the request is sent. */
export interface Cost {
  readonly currency: Currency;
  readonly amount: Pico;
}

/** Held for an attempt whose price nobody knows: not known is not free. Unit: 10⁻¹² USD, so one cent. */
export const UNKNOWN_COST: Cost = { currency: 'USD', amount: 10n ** 10n };

/**
 * Held for an answer whose length the client did not limit. A longer one is charged all the same, in full: a client that
 * pays in advance and wants to be sure sets the limit.
 */
const UNLIMITED_OUTPUT_TOKENS = 4_096;

/** Text has 3 to 5 bytes per token; code, digits and rare scripts may have 2. */
const BYTES_PER_TOKEN = 2;

/** For what cannot be counted from a request, such as an image by its URL or a document: each such kind, once. */
const UNCOUNTED_TOKENS = 5_000;

/** An estimate from above: the whole input at the dearest rate, and the longest answer that was asked for. */
export function estimateCost(attempt: PlannedAttempt, book: CompiledPriceBook | undefined): Cost {
  const tokens = estimateTokens(attempt);
  return (
    costOf(
      tokens,
      findPrices(attempt, book, (tariff) => findRate(tariff, 'standard', tokens.input)),
    ) ?? UNKNOWN_COST
  );
}

/** As if each line were the largest, at the batches' own rate where one is listed. */
export function estimateBatch(
  { lines, largestInput, ...tokens }: BatchTokens,
  model: PricedModel,
  book: CompiledPriceBook | undefined,
): Cost {
  const rateOf = (tariff: CompiledTariff) =>
    findRate(tariff, 'batch', largestInput) ?? findRate(tariff, 'standard', largestInput);
  const { currency, amount } = UNKNOWN_COST;
  return costOf(tokens, findPrices(model, book, rateOf)) ?? { currency, amount: amount * BigInt(lines) };
}

interface TokenPrices {
  readonly currency: Currency;
  readonly input: Pico;
  readonly output: Pico;
}

function findPrices(
  { provider, model, upstreamModel = model, api }: PricedModel,
  book: CompiledPriceBook | undefined,
  rateOf: (tariff: CompiledTariff) => CompiledRate | undefined,
): TokenPrices | undefined {
  if (book === undefined) return undefined;
  // A provider's price is under its own name of the model; where that is a deployment's, under the model's.
  const tariff = findTariff(book, provider, upstreamModel) ?? findTariff(book, provider, model);
  const rate = tariff && rateOf(tariff);
  if (rate === undefined) return undefined;
  const output = dearest(rate, api === 'images' ? imagePrices : outputPrices);
  return { currency: tariff!.currency, input: dearest(rate, inputPrices), output };
}

/** @returns undefined where nothing is listed per token: images, pages, seconds and searches are priced by the piece. */
function costOf({ input, output }: TokenEstimate, prices: TokenPrices | undefined): Cost | undefined {
  if (prices === undefined) return undefined;
  const amount = BigInt(input) * prices.input + BigInt(output) * prices.output;
  return amount === 0n ? undefined : { currency: prices.currency, amount };
}

interface TokenEstimate {
  readonly input: number;
  readonly output: number;
}

export function estimateTokens({
  api,
  model,
  bodyBytes,
  json,
}: Omit<PlannedAttempt, 'provider' | 'upstreamModel'>): TokenEstimate {
  const family = estimateFamily(api);
  if (family === undefined || json === undefined) {
    // A body that is no JSON is a form, and nearly all of it a file.
    const input = json === undefined ? UNCOUNTED_TOKENS : tokensIn(bodyBytes);
    return { input, output: UNLIMITED_OUTPUT_TOKENS };
  }
  const asked = new Asked(model);
  family.ask(json, asked);
  const textBytes = asked.texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
  return {
    input: tokensIn(textBytes) + asked.tokens + asked.uncounted.length * UNCOUNTED_TOKENS,
    output: family.generates ? (asked.maxOutputTokens ?? UNLIMITED_OUTPUT_TOKENS) * asked.answers : 0,
  };
}

const tokensIn = (bytes: number) => Math.ceil(bytes / BYTES_PER_TOKEN);

const inputPrices = ['in.fresh.text', 'in.cacheWrite.ttl5m', 'in.cacheWrite.ttl1h', 'in.cacheWrite.other'];
const outputPrices = ['out.text', 'out.reasoning'];
const imagePrices = [...outputPrices, 'out.image'];

function dearest({ unitPrices }: CompiledRate, dimensions: readonly string[]): Pico {
  return dimensions.reduce((most, dimension) => {
    const price = unitPrices.get(dimension) ?? 0n;
    return price > most ? price : most;
  }, 0n);
}
