import { hash } from 'node:crypto';
import type { BookReader, Row } from './book-reader.js';
import { type BlockContent, hashOfBlock, leafLength, noBlock } from './canonical.js';
import { type CheckResult, Findings } from './finding.js';
import type { KeyedSums } from './keyed-sums.js';

/** What the other checks need to know of the chain. */
export interface Chain {
  readonly length: number;
  /** The height of the block of a database transaction. */
  heightOf(xid: string): number | undefined;
  /** Absent of an empty book. */
  readonly head?: { readonly height: number; readonly hash: string; readonly sealedAt: string };
}

/** The bytes by which a leaf counts: equal rows of two tables are two things. */
export const leafElement = (table: string, leaf: Buffer) => Buffer.concat([Buffer.from(`${table} `), leaf]);

const pagesPerFetch = 50;

const blocksWithPages = `
  SELECT b.height, b.xid, (extract(epoch FROM b.sealed_at) * 1000000)::bigint, encode(b.previous, 'hex'),
    encode(b.hash, 'hex'), p.source, encode(p.leaves, 'hex')
  FROM block b LEFT JOIN leaf_page p ON p.xid = b.xid ORDER BY b.height, p.id`;

interface StoredBlock extends BlockContent {
  readonly hash: string;
  readonly pages: { readonly source: string; readonly digest: string }[];
}

/** Computes every block again from its pages and the block before, and counts every leaf for its block. */
export async function verifyBlocks(
  book: BookReader,
  leaves: KeyedSums,
): Promise<{ chain: Chain; result: CheckResult }> {
  const heights = new Map<string, number>();
  const findings = new Findings();
  let head: StoredBlock | undefined;
  let block: StoredBlock | undefined;
  const close = () => {
    if (block === undefined) return;
    for (const wrong of wrongOf(block, head)) findings.add({ table: 'block', key: block.height, ...wrong });
    heights.set(block.xid, Number(block.height));
    head = block;
  };
  for await (const row of book.stream(blocksWithPages, [], pagesPerFetch)) {
    const [height = null, , , , , source = null, hex = null] = row;
    if (height !== block?.height) {
      close();
      block = readBlock(row);
    }
    if (source === null || hex === null) continue;
    const page = Buffer.from(hex, 'hex');
    block?.pages.push({ source, digest: hash('sha256', page, 'hex') });
    for (let at = 0; at < page.length; at += leafLength) {
      leaves.add(Number(height), leafElement(source, page.subarray(at, at + leafLength)));
    }
  }
  close();
  for (const [id, xid] of await loosePages(book)) {
    findings.add({
      table: 'leaf_page',
      key: `${id}`,
      stored: `database transaction ${xid}`,
      expected: 'a block of it',
    });
  }
  const chain: Chain = {
    length: heights.size,
    heightOf: (xid) => heights.get(xid),
    ...(head === undefined
      ? {}
      : { head: { height: Number(head.height), hash: head.hash, sealedAt: instantOf(head) } }),
  };
  return { chain, result: findings.result('chain', `${heights.size} blocks`) };
}

function readBlock(row: Row): StoredBlock {
  const [height, xid, sealedAtMicros, previous, hash] = row as readonly string[] as [
    string,
    string,
    string,
    string,
    string,
  ];
  return { height, xid, sealedAtMicros, previous, hash, pages: [] };
}

function* wrongOf(block: StoredBlock, before: StoredBlock | undefined) {
  const place = { block: Number(block.height) };
  const height = before === undefined ? '0' : String(BigInt(before.height) + 1n);
  if (block.height !== height) yield { ...place, stored: `height ${block.height}`, expected: `height ${height}` };
  const previous = before?.hash ?? noBlock;
  if (block.previous !== previous) yield { ...place, stored: `previous ${block.previous}`, expected: previous };
  const computed = hashOfBlock(block);
  if (block.hash !== computed) yield { ...place, stored: `hash ${block.hash}`, expected: computed };
}

const loosePages = (book: BookReader) =>
  book.all('SELECT id, xid FROM leaf_page WHERE xid NOT IN (SELECT xid FROM block) ORDER BY id LIMIT 100');

const instantOf = ({ sealedAtMicros }: StoredBlock) => new Date(Number(BigInt(sealedAtMicros) / 1000n)).toISOString();
