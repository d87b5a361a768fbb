import type { Currency } from '#money/pico.js';
import type { UsageUnit } from '#usage/usage.js';

/** A provider's price page as a person reads it. What it does not say has no price: that usage is suspended. */
export interface PriceSheet {
  readonly provider: string;
  readonly currency: Currency;
  /** The public price page. README.md says how the figures were checked. */
  readonly source: string;
  readonly checkedOn: string;
  /** Which quantities of a usage record each column of the page covers. */
  readonly columns: Readonly<Record<string, readonly string[]>>;
  readonly models: readonly PricedModel[];
}

export interface PricedModel {
  /** Every exact name under which the provider reports the model. */
  readonly names: readonly string[];
  readonly rates: readonly PricedRate[];
  /** What is billed by the piece, at every tier and size. */
  readonly perThousand?: Readonly<Partial<Record<UsageUnit, string>>>;
}

export interface PricedRate {
  /** As libs/rating/service-tier.ts names it; `standard` when absent. */
  readonly tier?: string;
  /** Absent: from the first token on. */
  readonly aboveInputTokens?: number;
  /** By column of the page. */
  readonly perMillion: Readonly<Record<string, string>>;
}
