import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { LineCollector, lineKey, type LinePart, partLeaf, rootOfLines, toInvoiceLines } from './collect-lines.js';
import { MerkleTree } from './merkle-tree.js';

const cent = 10n ** 10n;
const subject = fc.record(
  {
    lateMonth: fc.constantFrom('2026-05', '2026-06'),
    teamId: fc.constantFrom('a', 'b'),
    projectId: fc.constantFrom('x', 'y'),
    model: fc.constantFrom('m', 'n'),
    tariff: fc.record({ dimension: fc.constantFrom('in', 'out'), unitPrice: fc.constantFrom(0n, 1n, 10n) }),
  },
  { requiredKeys: ['teamId', 'projectId', 'model'] },
);
const part: fc.Arbitrary<LinePart> = fc.record({
  subject,
  quantity: fc.bigInt(0n, 10n ** 9n),
  amount: fc.bigInt(-(10n ** 12n), 10n ** 14n),
});
const charges = fc.array(fc.array(part, { maxLength: 5 }), { maxLength: 30 });
const sourceOf = (index: number) => ({ eventId: `event-${String(index).padStart(4, '0')}`, usageHash: 'ff' });

it('puts all of every charge on lines, in one order, each with the root over its charges', () => {
  fc.assert(
    fc.property(charges, (charges) => {
      const collector = new LineCollector();
      for (const [index, parts] of charges.entries()) collector.add(sourceOf(index), parts);
      const lines = toInvoiceLines(cent, collector.lines());
      const sum = (all: readonly { amount: bigint }[]) => all.reduce((total, { amount }) => total + amount, 0n);
      expect(sum(lines)).toBe(sum(charges.flat()));
      expect(new Set(lines.map((line) => lineKey(line.subject))).size).toBe(lines.length);
      expect(lines.map(({ number }) => number)).toEqual(lines.map((_, index) => index + 1));
      for (const line of lines) {
        const tree = new MerkleTree();
        for (const [index, parts] of charges.entries()) {
          const own = parts.filter((part) => lineKey(part.subject) === lineKey(line.subject));
          if (own.length === 0) continue;
          const quantity = own.reduce((total, part) => total + part.quantity, 0n);
          tree.add(partLeaf(sourceOf(index), { quantity, amount: sum(own) }));
        }
        expect([line.count, line.root]).toEqual([tree.size, tree.root()]);
      }
      // The order in which lines first appear is not that of the invoice: teams are together.
      const teams = lines.map(({ subject }) => `${subject.lateMonth ?? ''} ${subject.teamId}`);
      expect(teams).toEqual(teams.toSorted());
    }),
  );
});

it('has another root when anything of a line is another', () => {
  const line = { subject: { teamId: 'a', projectId: 'x', model: 'm' }, quantity: 1n, amount: 1n, count: 1 };
  const rootOf = (change: object) =>
    Buffer.from(rootOfLines(toInvoiceLines(cent, [{ ...line, root: Uint8Array.of(1), ...change }]))).toString('hex');
  const roots = [{}, { amount: 2n }, { quantity: 2n }, { count: 2 }, { root: Uint8Array.of(2) }].map(rootOf);
  roots.push(rootOf({ subject: { ...line.subject, tariff: { dimension: 'in', unitPrice: 1n } } }));
  expect(new Set(roots).size).toBe(roots.length);
});
