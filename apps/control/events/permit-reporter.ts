import { policy, type PolicyLevel } from '#contracts/directory.js';
import { AddressRanges } from '#policy/address-ranges.js';
import { NamePatterns } from '#policy/name-patterns.js';
import { ApiError } from '../errors/api-error.js';

/** What policies call this endpoint. */
const ENDPOINT = 'events';

/** A level of the reporting key, with its policy as it is stored. */
export interface ReporterLevel {
  readonly level: PolicyLevel;
  readonly id: string;
  readonly policy: unknown;
}

/**
 * Holds whoever has a key to what its levels say of callers: from where, and which endpoints. What they say of calls, such as
 * models and limits, is no reason to refuse a report: the call was made, and left out it would be neither paid nor counted.
 * @param address undefined when it cannot be told.
 * @throws ApiError 403
 */
export function permitReporter(levels: readonly ReporterLevel[], address: string | undefined): void {
  for (const { level, id, policy: stored } of levels) {
    const parsed = policy.safeParse(stored);
    const whose = `The policy of ${level} "${id}"`;
    if (!parsed.success) throw forbidden(`${whose} cannot be read, so nothing is permitted: have it set again.`);
    const { ipRanges, endpoints } = parsed.data;
    if (ipRanges !== undefined && (address === undefined || !new AddressRanges(ipRanges).has(address))) {
      const from = address ?? 'an address that cannot be told';
      throw forbidden(`${whose} (ipRanges) does not permit reports from ${from}: report from one that it permits.`);
    }
    if (endpoints !== undefined && !new NamePatterns(endpoints).has(ENDPOINT)) {
      throw forbidden(`${whose} (endpoints) does not permit ${ENDPOINT}: report with another key or an admin token.`);
    }
  }
}

const forbidden = (message: string) => new ApiError(403, 'policy_forbids', message);
