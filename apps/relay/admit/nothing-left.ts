import type { LimitName } from '#contracts/requests/leases.js';
import { formatAmount } from '#money/pico.js';
import { Refusal } from '#protocols/error-body.js';
import type { Cost } from './estimate-cost.js';

/** The refusal of what may cost more than is left. */
export function nothingLeft(
  limit: LimitName,
  { amount, currency }: Cost,
  now: number,
  asked: 'request' | 'batch' = 'request',
): Refusal {
  const cost = `This ${asked} may cost up to ${formatAmount(amount)} ${currency}, and`;
  if (limit.kind === 'wallet') {
    return new Refusal(
      'insufficient_quota',
      `${cost} wallet "${limit.wallet}" has less left: top it up, or limit the ${asked}'s output tokens.`,
    );
  }
  const { budgetId, resetsAt } = limit;
  if (resetsAt === undefined) {
    return new Refusal('insufficient_quota', `${cost} budget "${budgetId}" has less left: raise it.`);
  }
  const message = `${cost} budget "${budgetId}" has less left until ${resetsAt}: wait, or raise it.`;
  const retryAfterSeconds = Math.max(1, Math.ceil((Date.parse(resetsAt) - now) / 1000));
  return new Refusal('insufficient_quota', message, undefined, retryAfterSeconds);
}
