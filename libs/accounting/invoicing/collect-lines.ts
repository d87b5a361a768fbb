import { canonicalJson } from '#contracts/canonical-json.js';
import { formatAmount, type Pico } from '#money/pico.js';
import { type Digest, MerkleTree } from './merkle-tree.js';
import { roundTo } from './round.js';

/** What a line of an invoice is about. Charges that differ in any of it are on different lines. */
export interface LineSubject {
  /** The month of usage that an earlier invoice was for and that was booked too late for it, such as `2026-06`. */
  readonly lateMonth?: string;
  readonly teamId: string;
  readonly projectId: string;
  readonly model: string;
  /** Absent: what charges were worth more or less than they had been booked with. */
  readonly tariff?: Tariff;
}

export interface Tariff {
  readonly dimension: string;
  readonly unitPrice: Pico;
}

export interface LineAmount {
  /** Of an adjustment: 1. */
  readonly quantity: bigint;
  /** Below zero when an adjustment gave something back. */
  readonly amount: Pico;
}

/** A charge's or an adjustment's part of one line. */
export interface LinePart extends LineAmount {
  readonly subject: LineSubject;
}

/** Whose part it is. */
export interface PartSource {
  readonly eventId: string;
  readonly usageHash: string;
  /** The adjustment's number, of an adjustment of the charge. */
  readonly adjustment?: number;
}

export interface CollectedLine extends LineAmount {
  readonly subject: LineSubject;
  /** How many charges, or adjustments, are in it. */
  readonly count: number;
  /** Of the Merkle tree over `partLeaf` of each of them, by day and then by event id. */
  readonly root: Digest;
}

export interface InvoiceLine extends CollectedLine {
  /** From 1. */
  readonly number: number;
  /** To the minor unit, once, half to even. */
  readonly rounded: Pico;
}

/** The leaf of a part, in words that anybody can write again. */
export const partLeaf = ({ eventId, usageHash, adjustment }: PartSource, { quantity, amount }: LineAmount): string =>
  canonicalJson({ eventId, usageHash, adjustment, quantity: quantity.toString(), amount: formatAmount(amount) });

/** The leaf of a line in the tree of the invoice. */
export const lineLeaf = ({ number, subject, quantity, amount, rounded, count, root }: InvoiceLine): string =>
  canonicalJson({
    number,
    lateMonth: subject.lateMonth,
    teamId: subject.teamId,
    projectId: subject.projectId,
    model: subject.model,
    dimension: subject.tariff?.dimension,
    unitPrice: subject.tariff && formatAmount(subject.tariff.unitPrice),
    quantity: quantity.toString(),
    amount: formatAmount(amount),
    rounded: formatAmount(rounded),
    count,
    root: Buffer.from(root).toString('hex'),
  });

export const lineKey = ({ lateMonth = '', teamId, projectId, model, tariff }: LineSubject): string =>
  JSON.stringify([lateMonth, teamId, projectId, model, tariff?.dimension, tariff?.unitPrice.toString()]);

/** Parts of one source on the same line, as one: a source is one leaf of a line. */
export function mergeParts(parts: readonly LinePart[]): ReadonlyMap<string, LinePart> {
  const merged = new Map<string, LinePart>();
  for (const { subject, quantity, amount } of parts) {
    const key = lineKey(subject);
    const before = merged.get(key) ?? { quantity: 0n, amount: 0n };
    merged.set(key, { subject, quantity: before.quantity + quantity, amount: before.amount + amount });
  }
  return merged;
}

/** Adds charges up to lines. They come by day (UTC) and then by event id, an adjustment after its charge. */
export class LineCollector {
  readonly #lines = new Map<string, { subject: LineSubject; quantity: bigint; amount: Pico; tree: MerkleTree }>();

  add(source: PartSource, parts: readonly LinePart[]): void {
    for (const [key, { subject, quantity, amount }] of mergeParts(parts)) {
      let line = this.#lines.get(key);
      if (line === undefined) {
        this.#lines.set(key, (line = { subject, quantity: 0n, amount: 0n, tree: new MerkleTree() }));
      }
      line.quantity += quantity;
      line.amount += amount;
      line.tree.add(partLeaf(source, { quantity, amount }));
    }
  }

  /** The usage of the period, then that of earlier months; each by team, project, model, dimension and price. */
  lines(): CollectedLine[] {
    return [...this.#lines.values()]
      .map(({ tree, ...line }) => ({ ...line, count: tree.size, root: tree.root() }))
      .sort((a, b) => inOrder(a.subject, b.subject));
  }
}

function inOrder(a: LineSubject, b: LineSubject): number {
  const texts = ({ lateMonth = '', teamId, projectId, model, tariff }: LineSubject) => [
    ...[lateMonth, teamId, projectId, model],
    // Adjustments after all dimensions.
    tariff === undefined ? '\uffff' : tariff.dimension,
  ];
  const others = texts(b);
  for (const [index, text] of texts(a).entries()) {
    const other = others[index] ?? '';
    if (text !== other) return text < other ? -1 : 1;
  }
  return Number((a.tariff?.unitPrice ?? 0n) > (b.tariff?.unitPrice ?? 0n)) * 2 - 1;
}

export function toInvoiceLines(unit: Pico, lines: readonly CollectedLine[]): InvoiceLine[] {
  return lines.map((line, index) => ({ ...line, number: index + 1, rounded: roundTo(unit, line.amount) }));
}

export function rootOfLines(lines: readonly InvoiceLine[]): Digest {
  const tree = new MerkleTree();
  for (const line of lines) tree.add(lineLeaf(line));
  return tree.root();
}
