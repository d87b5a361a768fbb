import { expect, it } from '@jest/globals';
import { serviceTier } from './service-tier.js';

it.each([
  [undefined, 'standard'],
  [{ tierServed: 'default', geo: 'not_available', traffic: 'ON_DEMAND', speed: 'standard' }, 'standard'],
  [{ tierServed: 'priority' }, 'priority'],
  [{ tierServed: 'default', batch: true }, 'batch'],
  [{ tierServed: 'flex', batch: false }, 'flex'],
  [{ geo: 'us', speed: 'fast' }, 'standard+speed=fast+geo=us'],
  [{ traffic: 'PROVISIONED_THROUGHPUT' }, 'standard+traffic=provisioned_throughput'],
  // Asked for, but not what served: no price is known by this name.
  [{ tierServed: 'auto' }, 'auto'],
] as const)('%j is the tier %s', (modifiers, tier) => {
  expect(serviceTier(modifiers)).toBe(tier);
});
