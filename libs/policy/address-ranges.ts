import { BlockList, isIP } from 'node:net';

/** A lookup in a BlockList takes microseconds, and clients call again and again. */
const MAX_KNOWN = 10_000;

/** IPv4 in the notation of IPv6: https://www.rfc-editor.org/rfc/rfc4291#section-2.5.5.2 */
const MAPPED_BITS = 96;
const mapped = new BlockList();
mapped.addSubnet('::ffff:0:0', MAPPED_BITS, 'ipv6');

/** A set of addresses and CIDR ranges, of both families. An IPv4 address in IPv6 notation is the IPv4 address. */
export class AddressRanges {
  /** A list each: to a BlockList every IPv4 address lies in `::/0`, by its mapped form. */
  readonly #ipv4 = new BlockList();
  readonly #ipv6 = new BlockList();
  readonly #known = new Map<string, boolean>();

  constructor(ranges: readonly string[]) {
    for (const range of ranges) {
      const [address = '', length] = range.split('/');
      const notation = notationOf(address);
      const bits = length === undefined ? (notation === 'ipv6' ? 128 : 32) : Number(length);
      this.#listOf(address, bits).addSubnet(address, bits, notation);
    }
  }

  has(address: string): boolean {
    const known = this.#known.get(address);
    if (known !== undefined) return known;
    const isIn = this.#listOf(address).check(address, notationOf(address));
    if (this.#known.size >= MAX_KNOWN) this.#known.clear();
    this.#known.set(address, isIn);
    return isIn;
  }

  /** @param bits of a range: a shorter one around the mapped addresses is about IPv6. */
  #listOf(address: string, bits = MAPPED_BITS): BlockList {
    const isIpv6 = notationOf(address) === 'ipv6' && !(bits >= MAPPED_BITS && mapped.check(address, 'ipv6'));
    return isIpv6 ? this.#ipv6 : this.#ipv4;
  }
}

const notationOf = (address: string) => (isIP(address) === 6 ? 'ipv6' : 'ipv4');
