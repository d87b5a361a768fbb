import { canonicalJson } from '#contracts/canonical-json.js';
import type { InclusionProof } from '#contracts/requests/invoices.js';
import { verifyInclusion } from './merkle-tree.js';

/**
 * Whether a proof shows that an event's part is on an invoice. It needs nothing but the proof and the root that is printed
 * on the invoice: no database, and no trust in who made it.
 */
export function verifyProof({ part, inLine, lineLeaf, inInvoice }: InclusionProof, invoiceRoot: string): boolean {
  return (
    inInvoice.root === invoiceRoot &&
    includes(canonicalJson(part), inLine) &&
    rootNamedBy(lineLeaf) === inLine.root &&
    includes(lineLeaf, inInvoice)
  );
}

function includes(leaf: string, { leafIndex, treeSize, path, root }: InclusionProof['inLine']): boolean {
  const bytes = (hex: string) => Buffer.from(hex, 'hex');
  return verifyInclusion(leaf, { leafIndex, treeSize, path: path.map(bytes) }, bytes(root));
}

function rootNamedBy(lineLeaf: string): unknown {
  try {
    const line: unknown = JSON.parse(lineLeaf);
    return typeof line === 'object' && line !== null && 'root' in line ? line.root : undefined;
  } catch {
    return undefined;
  }
}
