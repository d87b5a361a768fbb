import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { AddressRanges } from './address-ranges.js';

const ipv4 = fc.ipV4();
/** Beside those that stand for an IPv4 address. */
const ipv6 = fc.ipV6().filter((address) => !/^::ffff:|^(0:){5}ffff:/i.test(address));

describe('the range of all addresses', () => {
  it('of one family has none of the other', () => {
    const [all4, all6] = [new AddressRanges(['0.0.0.0/0']), new AddressRanges(['::/0'])];
    fc.assert(
      fc.property(ipv4, ipv6, (four, six) => {
        expect([all4.has(four), all4.has(six), all6.has(six), all6.has(four)]).toEqual([true, false, true, false]);
        expect([all4.has(`::ffff:${four}`), all6.has(`::ffff:${four}`)]).toEqual([true, false]);
      }),
    );
  });
});

describe('an IPv4 address in IPv6 notation', () => {
  it.each<[range: string, address: string, isIn: boolean]>([
    ['10.0.0.0/8', '::ffff:10.1.2.3', true],
    ['10.0.0.0/8', '::ffff:a01:203', true],
    ['10.0.0.0/8', '::ffff:b01:203', false],
    ['10.0.0.0/8', '::10.1.2.3', false],
    ['::ffff:10.0.0.0/104', '10.1.2.3', true],
    ['::ffff:10.0.0.0/104', '11.1.2.3', false],
    ['::ffff:192.0.2.1', '192.0.2.1', true],
    ['::ffff:192.0.2.1', '192.0.2.2', false],
    ['::/64', '10.1.2.3', false],
    ['::/64', '::10.1.2.3', true],
  ])('in %s, %s: %s', (range, address, isIn) => {
    expect(new AddressRanges([range]).has(address)).toBe(isIn);
  });
});

it('an address without a length is that address alone', () => {
  const ranges = new AddressRanges(['192.0.2.1', '2001:db8::1']);
  expect(['192.0.2.1', '2001:db8::1', '192.0.2.0', '2001:db8::'].map((address) => ranges.has(address))).toEqual([
    ...[true, true, false, false],
  ]);
});
