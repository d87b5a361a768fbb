import type { Policy, PolicyLevel } from '#contracts/directory.js';
import { AddressRanges } from '#policy/address-ranges.js';
import { NamePatterns } from '#policy/name-patterns.js';

/** The policy of one level, in the form in which requests are checked against it. It is made when the policy changes. */
export interface LevelRules {
  readonly level: PolicyLevel;
  readonly id: string;
  readonly allowedModels: NamePatterns | undefined;
  readonly deniedModels: NamePatterns | undefined;
  readonly aliases: ReadonlyMap<string, string>;
  readonly endpoints: NamePatterns | undefined;
  readonly passthrough: Policy['passthrough'];
  readonly addresses: AddressRanges | undefined;
  readonly regions: ReadonlySet<string> | undefined;
  readonly maxOutputTokens: number | undefined;
  readonly requiredMetadata: readonly string[];
  readonly limits: NonNullable<Policy['limits']>;
}

export function levelRules(level: PolicyLevel, id: string, policy: Policy): LevelRules {
  const { models, endpoints, ipRanges, regions } = policy;
  return {
    level,
    id,
    allowedModels: models?.allow && new NamePatterns(models.allow),
    deniedModels: models?.deny && new NamePatterns(models.deny),
    aliases: new Map(Object.entries(policy.aliases ?? {})),
    endpoints: endpoints && new NamePatterns(endpoints),
    passthrough: policy.passthrough,
    addresses: ipRanges && new AddressRanges(ipRanges),
    regions: regions && new Set(regions),
    maxOutputTokens: policy.maxOutputTokens,
    requiredMetadata: policy.requiredMetadata ?? [],
    limits: policy.limits ?? {},
  };
}
