import { providerName } from '#usage/provider-name.js';
import { usageReader } from '#usage/usage-reader.js';
import type { Usage } from '#usage/usage.js';
import type { ProviderUsage, UsageReport } from './usage-report.js';

/** The canonical record of a report: its own, or what the provider's object says by that provider's rules. */
export function usageOfReport({ data: { usage, providerUsage } }: UsageReport): Usage {
  if (usage !== undefined) return usage;
  // The schema takes one of the two.
  if (providerUsage === undefined) throw new TypeError('A usage report has a record or a provider’s usage.');
  return readProviderUsage(providerUsage);
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
