import type { DataSource, EntityManager } from 'typeorm';
import type { z } from 'zod';
import {
  type InvoiceLine,
  lineKey,
  lineLeaf,
  mergeParts,
  type LineAmount,
  partLeaf,
  type PartSource,
} from '#accounting/invoicing/collect-lines.js';
import { type InclusionProof as Audit, leafHash, MerkleTree } from '#accounting/invoicing/merkle-tree.js';
import type { InclusionProof, LinePart, listLineParts, proveInclusion } from '#contracts/requests/invoices.js';
import { RequestFailure } from '#jetstream/request-failure.js';
import { formatAmount } from '#money/pico.js';
import { cursorOf, pageSize, toPage } from '../page.js';
import { notFinal } from './find-final.js';
import { type PartFilter, readCovered } from './read-covered.js';
import { readFinalLines } from './read-final-lines.js';
import { readCoverage } from './read-standing.js';

interface NamedLine {
  readonly orgId: string;
  readonly id: string;
  readonly line: number;
}

interface FoundPart {
  readonly day: string;
  readonly source: PartSource;
  readonly part: LineAmount;
}

const hex = (digest: Uint8Array) => Buffer.from(digest).toString('hex');
/** Of a charge, 0: its adjustments are numbered from 1 and come after it. */
const placeOf = ({ adjustment = 0 }: PartSource) => adjustment;

/** The charges' parts of a line, in the order of its leaves. */
export function readLineParts(
  source: DataSource,
  request: z.infer<typeof listLineParts.request>,
): Promise<z.infer<typeof listLineParts.reply>> {
  const size = pageSize(request);
  const [day, event, place] = cursorOf(request, 3);
  return reading(source, async (db) => {
    const line = await requireLine(db, request);
    const found: FoundPart[] = [];
    const from = typeof day !== 'string' || typeof event !== 'string' ? undefined : { day, eventId: event };
    for await (const one of partsOf(db, request, line, from)) {
      const isBefore = one.day === day && one.source.eventId === event && placeOf(one.source) <= Number(place);
      if (isBefore) continue;
      found.push(one);
      if (found.length > size) break;
    }
    return toPage(
      found,
      size,
      (one) => [one.day, one.source.eventId, String(placeOf(one.source))],
      (one) => ({ ...showPart(one), hash: hex(leafHash(partLeaf(one.source, one.part))) }),
    );
  });
}

/**
 * Shows that an event is on a line and the line on the invoice, from the sub-ledger as it is now.
 * @throws RequestFailure `not_found` when it is not on that line.
 */
export function proveOnInvoice(
  source: DataSource,
  request: z.infer<typeof proveInclusion.request>,
): Promise<InclusionProof> {
  const { orgId, id, eventId, adjustment } = request;
  return reading(source, async (db) => {
    const line = await requireLine(db, request);
    const tree = new MerkleTree();
    let part: LinePart | undefined;
    for await (const one of partsOf(db, request, line)) {
      const isProven = one.source.eventId === eventId && one.source.adjustment === adjustment;
      if (isProven) part = showPart(one);
      tree.add(partLeaf(one.source, one.part), isProven);
    }
    const inLine = tree.proof();
    if (part === undefined || inLine === undefined) {
      const what = adjustment === undefined ? `Event ${eventId}` : `Adjustment ${adjustment} of event ${eventId}`;
      throw new RequestFailure('not_found', `${what} is not on line ${line.number} of invoice "${id}".`);
    }
    const lines = new MerkleTree();
    for (const one of await readFinalLines(db, { orgId, id })) lines.add(lineLeaf(one), one.number === line.number);
    const inInvoice = lines.proof();
    if (inInvoice === undefined) throw new Error(`Line ${line.number} of invoice ${id} is not among its lines.`);
    return {
      part,
      inLine: showAudit(inLine, tree.root()),
      lineLeaf: lineLeaf(line),
      inInvoice: showAudit(inInvoice, lines.root()),
    };
  });
}

const reading = <Result>(source: DataSource, read: (db: EntityManager) => Promise<Result>) =>
  source.transaction('REPEATABLE READ', read);

async function requireLine(db: EntityManager, { orgId, id, line: number }: NamedLine): Promise<InvoiceLine> {
  const [line] = await readFinalLines(db, { orgId, id, after: number - 1, limit: 1 });
  if (line?.number === number) return line;
  const first = await readFinalLines(db, { orgId, id, limit: 1 });
  if (first.length === 0) throw await notFinal(db, orgId, id);
  throw new RequestFailure('not_found', `Invoice "${id}" has no line ${number}.`);
}

async function* partsOf(
  db: EntityManager,
  { orgId, id }: NamedLine,
  { subject }: InvoiceLine,
  from?: PartFilter['from'],
): AsyncGenerator<FoundPart> {
  const [book] = await db.query<{ currency: string }[]>('SELECT currency FROM invoice WHERE (org_id, id) = ($1, $2)', [
    orgId,
    id,
  ]);
  if (book === undefined) throw new Error(`Invoice ${id} has lines and is not there.`);
  const covered = { orgId, currency: book.currency, coverage: await readCoverage(db, orgId, id) };
  const { teamId, projectId } = subject;
  const wanted = lineKey(subject);
  const filter = { teamId, projectId, ...(from === undefined ? {} : { from }) };
  for await (const charge of readCovered(db, covered, filter)) {
    const part = mergeParts(charge.parts).get(wanted);
    if (part !== undefined) yield { day: charge.day, source: charge.source, part };
  }
}

/** Its members are those of the leaf: see partLeaf. */
function showPart({ source, part }: FoundPart): LinePart {
  const { quantity, amount } = part;
  return { ...source, quantity: quantity.toString(), amount: formatAmount(amount) };
}

const showAudit = ({ leafIndex, treeSize, path }: Audit, root: Uint8Array) => ({
  ...{ leafIndex, treeSize, path: path.map(hex), root: hex(root) },
});
