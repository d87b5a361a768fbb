export interface Account {
  readonly orgId: string;
  readonly name: string;
  readonly currency: string;
  readonly kind: string;
}

/** What the postings move, account by account. */
export type Movements = Map<string, { debits: bigint; credits: bigint }>;

export interface Transaction {
  readonly id: string;
  readonly orgId: string;
  readonly currency: string;
  readonly kind: string;
  readonly xid: string;
  /** `2026-07-01`. */
  readonly period: string;
  readonly belongsTo: string;
  readonly effectiveAtMicros: bigint;
  readonly postedAtMicros: bigint;
  /** Of its block. Absent of what stood in the book before there was a chain. */
  readonly height?: number;
}
