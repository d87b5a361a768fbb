import { isIP } from 'node:net';
import { z } from 'zod';
import { ipRange } from '#contracts/directory.js';
import type { AddressRanges } from '#policy/address-ranges.js';

export const trustedProxies = z
  .string()
  .default('')
  .transform((text) => text.split(',').map((range) => range.trim()))
  .transform((ranges) => ranges.filter((range) => range !== ''))
  .pipe(z.array(ipRange))
  .describe(
    'the addresses or CIDR ranges, separated by commas, of the proxies whose x-forwarded-for counts; leave it out when clients connect directly',
  );

/**
 * Where a request comes from: the last address that no proxy of ours has. What stands before it in x-forwarded-for is
 * the client's own word.
 * @returns undefined when a trusted proxy says something that is no address: then nobody knows.
 */
export function clientAddress(
  socketAddress: string | undefined,
  forwardedFor: string | readonly string[] | undefined,
  trusted: AddressRanges,
): string | undefined {
  let address = addressIn(socketAddress);
  if (forwardedFor === undefined) return address;
  const said = String(forwardedFor).split(',');
  while (address !== undefined && trusted.has(address) && said.length > 0) address = addressIn(said.pop()?.trim());
  return address;
}

/** Some proxies add the port: `192.0.2.1:5678`, `[2001:db8::1]:5678`. */
function addressIn(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const bare = /^\[(.+)\](?::\d+)?$/.exec(text)?.[1] ?? /^([\d.]+):\d+$/.exec(text)?.[1] ?? text;
  const address = bare.replace(/^::ffff:(?=[\d.]+$)/i, '');
  return isIP(address) === 0 ? undefined : address;
}
