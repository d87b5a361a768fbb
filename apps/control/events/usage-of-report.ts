import { providerName } from '#usage/provider-name.js';
import { usageReader } from '#usage/usage-reader.js';
import type { Usage } from '#usage/usage.js';
import type { ProviderUsage, UsageReport } from './usage-report.js';

/** The canonical record of a report: its own, or what the provider's object says by that provider's rules. */
export function usageOfReport({ data: { usage: record, providerUsage, outcome } }: UsageReport): Usage {
  if (record !== undefined) return record;
  // The schema takes one of the two.
  if (providerUsage === undefined) throw new TypeError("A usage report has a record or a provider's usage.");
  const usage = readProviderUsage(providerUsage);
  // An object alone does not say whether it came with the end. Of an answer that broke off it did not.
  return outcome === 'broken' && usage.completeness === 'final' ? { ...usage, completeness: 'partial' } : usage;
}

function readProviderUsage({ provider, api, model, servedModel, serviceTier, usage }: ProviderUsage): Usage {
  const source = { provider: providerName(provider), api, requestedModel: model };
  const reader = usageReader(source, 'json');
  const answer =
    api === 'gemini'
      ? { modelVersion: servedModel, usageMetadata: usage }
      : { model: servedModel, service_tier: serviceTier, usage };
  reader.push(Buffer.from(JSON.stringify(answer)));
  return { ...reader.end(), ...(servedModel === undefined ? {} : { servedModel }) };
}
