import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { AddressRanges } from './address-ranges.js';
import { clientAddress, trustedProxies } from './client-address.js';

const proxies = new AddressRanges(['10.0.0.0/8', '2001:db8::/32', '192.0.2.1']);

describe('the address of a client', () => {
  it.each<[string, string | undefined, string | string[] | undefined, string | undefined]>([
    ["the socket's", '198.51.100.1', undefined, '198.51.100.1'],
    ["the socket's, of an IPv4 client of an IPv6 socket", '::ffff:198.51.100.1', undefined, '198.51.100.1'],
    ["the socket's, whatever a stranger says", '198.51.100.1', '127.0.0.1', '198.51.100.1'],
    ['what our proxy says', '10.1.2.3', '198.51.100.1', '198.51.100.1'],
    [
      'what the last of our proxies says, not what the client does',
      '10.1.2.3',
      '127.0.0.1, 198.51.100.1',
      '198.51.100.1',
    ],
    ['what the first of our proxies says', '::ffff:10.1.2.3', '198.51.100.1, 192.0.2.1, 2001:db8::7', '198.51.100.1'],
    ['with a port', '10.1.2.3', '198.51.100.1:4711', '198.51.100.1'],
    ['in brackets', '10.1.2.3', '[2001:db9::1]:4711', '2001:db9::1'],
    ['of several headers', '10.1.2.3', ['127.0.0.1', '198.51.100.1'], '198.51.100.1'],
    ["our proxy's own, when it calls", '10.1.2.3', undefined, '10.1.2.3'],
    ['unknown when our proxy says no address', '10.1.2.3', '127.0.0.1, unknown', undefined],
    ['unknown when the socket is gone', undefined, undefined, undefined],
  ])('is %s', (_, socket, forwarded, expected) => {
    expect(clientAddress(socket, forwarded, proxies)).toBe(expected);
  });

  it('is one that no stranger can choose', () => {
    fc.assert(
      fc.property(fc.string(), (said) => {
        expect(clientAddress('198.51.100.1', said, proxies)).toBe('198.51.100.1');
        expect(clientAddress('10.0.0.1', `${said},198.51.100.1`, proxies)).toBe('198.51.100.1');
      }),
    );
  });
});

describe('the setting of trusted proxies', () => {
  it('is a list, and empty when it is left out', () => {
    expect(trustedProxies.parse(undefined)).toEqual([]);
    expect(trustedProxies.parse('10.0.0.0/8, ::1')).toEqual(['10.0.0.0/8', '::1']);
  });

  it.each(['everyone', '10.0.0.0/33', '10.0.0', '2001:db8::/129'])('is not %s', (text) => {
    expect(trustedProxies.safeParse(text).success).toBe(false);
  });
});
