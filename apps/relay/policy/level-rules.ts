import type { Policy, PolicyLevel } from '#contracts/directory.js';
import { AddressRanges } from './address-ranges.js';

/** The policy of one level, in the form in which requests are checked against it. It is made when the policy changes. */
export interface LevelRules {
  readonly level: PolicyLevel;
  readonly id: string;
  readonly allowedModels: Patterns | undefined;
  readonly deniedModels: Patterns | undefined;
  readonly aliases: ReadonlyMap<string, string>;
  readonly endpoints: Patterns | undefined;
  readonly addresses: AddressRanges | undefined;
  readonly regions: ReadonlySet<string> | undefined;
  readonly maxOutputTokens: number | undefined;
  readonly requiredMetadata: readonly string[];
  readonly limits: NonNullable<Policy['limits']>;
}

/** Names, and beginnings of names that end in `*`. */
export class Patterns {
  readonly #names: ReadonlySet<string>;
  readonly #beginnings: readonly string[];

  constructor(patterns: readonly string[]) {
    this.#names = new Set(patterns.filter((pattern) => !pattern.endsWith('*')));
    this.#beginnings = patterns.filter((pattern) => pattern.endsWith('*')).map((pattern) => pattern.slice(0, -1));
  }

  has(name: string): boolean {
    return this.#names.has(name) || this.#beginnings.some((beginning) => name.startsWith(beginning));
  }
}

export function levelRules(level: PolicyLevel, id: string, policy: Policy): LevelRules {
  const { models, endpoints, ipRanges, regions } = policy;
  return {
    level,
    id,
    allowedModels: models?.allow && new Patterns(models.allow),
    deniedModels: models?.deny && new Patterns(models.deny),
    aliases: new Map(Object.entries(policy.aliases ?? {})),
    endpoints: endpoints && new Patterns(endpoints),
    addresses: ipRanges && new AddressRanges(ipRanges),
    regions: regions && new Set(regions),
    maxOutputTokens: policy.maxOutputTokens,
    requiredMetadata: policy.requiredMetadata ?? [],
    limits: policy.limits ?? {},
  };
}
