import { BlockList, isIP } from 'node:net';

/** A lookup in a BlockList takes microseconds, and clients call again and again. */
const MAX_KNOWN = 10_000;

/** A set of addresses and CIDR ranges, of both families. An IPv4 address in IPv6 notation is the IPv4 address. */
export class AddressRanges {
  readonly #ranges = new BlockList();
  readonly #known = new Map<string, boolean>();

  constructor(ranges: readonly string[]) {
    for (const range of ranges) {
      const [address = '', prefix] = range.split('/');
      const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
      if (prefix === undefined) this.#ranges.addAddress(address, family);
      else this.#ranges.addSubnet(address, Number(prefix), family);
    }
  }

  has(address: string): boolean {
    const known = this.#known.get(address);
    if (known !== undefined) return known;
    const isIn = this.#ranges.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
    if (this.#known.size >= MAX_KNOWN) this.#known.clear();
    this.#known.set(address, isIn);
    return isIn;
  }
}
