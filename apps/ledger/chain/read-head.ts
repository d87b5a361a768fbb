import type { DataSource } from 'typeorm';
import type { LedgerHead } from '#contracts/ledger-head.js';

interface HeadRow {
  readonly height: string;
  readonly hash: string;
  readonly sealed_at: Date;
}

const toHead = ({ height, hash, sealed_at }: HeadRow): LedgerHead => ({
  height: Number(height),
  hash,
  sealedAt: sealed_at.toISOString(),
});

const selectHead = `SELECT height, encode(hash, 'hex') AS hash, sealed_at FROM block`;

/** The newest block; undefined of an empty book. */
export async function readHead(source: DataSource): Promise<LedgerHead | undefined> {
  const [row] = await source.query<HeadRow[]>(`${selectHead} ORDER BY height DESC LIMIT 1`);
  return row === undefined ? undefined : toHead(row);
}

export async function readHeadAt(source: DataSource, height: number): Promise<LedgerHead | undefined> {
  const [row] = await source.query<HeadRow[]>(`${selectHead} WHERE height = $1`, [height]);
  return row === undefined ? undefined : toHead(row);
}
