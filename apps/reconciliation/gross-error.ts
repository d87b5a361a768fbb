import type { ReconciliationBreak } from '#contracts/requests/reconciliation.js';
import { type Currency, parseAmount, type Pico } from '#money/pico.js';

/**
 * Σ|difference| ÷ Σ billed × 10⁶ of the worst source and currency. Differences are never netted.
 * @returns undefined where something differs but nothing was billed, so that there is no ratio.
 */
export function grossErrorPpm(
  breaks: readonly ReconciliationBreak[],
  billed: ReadonlyMap<Currency, Pico>,
): number | undefined {
  const errors = new Map<string, { readonly currency: Currency; readonly sum: Pico }>();
  for (const { source, currency, difference } of breaks) {
    if (currency === undefined || difference === undefined) continue;
    const name = `${source} ${currency}`;
    errors.set(name, { currency, sum: (errors.get(name)?.sum ?? 0n) + parseAmount(difference) });
  }
  const ratios = [...errors.values()].map(({ currency, sum }) => Number(sum) / Number(billed.get(currency) ?? 0n));
  if (breaks.length > 0 && ratios.length === 0 && billed.size === 0) return undefined;
  // 0 ÷ 0 is an event charged at 0: nothing is wrong by nothing.
  const worst = Math.max(0, ...ratios.map((ratio) => (Number.isNaN(ratio) ? 0 : ratio)));
  return Number.isFinite(worst) ? worst * 1e6 : undefined;
}
