import { z } from 'zod';
import { amount, count, currency, instant } from '#contracts/cloud-event.js';

/** Prices of one unit of each dimension, for one service tier, from one size of input upwards. */
export const rate = z.object({
  tier: z.string().min(1).max(64),
  /** The rate applies to the whole request when its Σ input tokens is greater than this; the highest such rate wins. */
  aboveInputTokens: count,
  /** Flat dimension → price of ONE unit, in main units. What is not listed has no price: it is suspended, not free. */
  unitPrices: z.record(z.string(), amount),
});

export const tariff = z.object({
  provider: z.string().min(1).max(64),
  /** Every exact name under which the provider reports the model; names are never matched by pattern. */
  models: z.array(z.string().min(1).max(256)).min(1),
  currency,
  /** Where the price was read, and when (date). */
  source: z.string().max(512),
  checkedOn: z.iso.date(),
  rates: z.array(rate).min(1),
});
export type Tariff = z.infer<typeof tariff>;

/** An immutable price book. Its version names its content: `<date>-<first 8 hex of the SHA-256 of its tariffs>`. */
export const priceBook = z.object({
  version: z.string().min(1).max(64),
  publishedAt: instant,
  tariffs: z.array(tariff),
});
export type PriceBook = z.infer<typeof priceBook>;

/** Bucket `prices`, entry `current`. */
export const currentPrices = z.object({ version: z.string().min(1).max(64) });

export const currentPricesEntry = 'current';
export const priceBookEntry = (version: string) => `book.${version}`;
