import { type Chained, chained } from '#migrations/postgres/1795820200000-ledger-chain.js';
import { walletTables } from '#migrations/postgres/1795830000000-ledger-wallets.js';
import { budgetTables } from '#migrations/postgres/1795840000000-ledger-leases.js';
import { invoiceTables } from '#migrations/postgres/1795850000000-ledger-invoices.js';
import { invoiceChangeTables } from '#migrations/postgres/1795850100000-ledger-invoice-changes.js';
import type { Row } from './book-reader.js';

export type { Chained };

/** Every table whose rows stand in the chain, as the migrations that made them say. A test holds it against the triggers. */
export const chainedTables: readonly Chained[] = [
  ...chained,
  ...walletTables,
  ...budgetTables,
  ...invoiceTables,
  ...invoiceChangeTables,
];

/** What stood in the book before there was a chain is in its first block. */
export const genesis = 0;

/** Rows with the fields that their leaves are made of. */
export const selectRows = ({ table, fields }: Chained) =>
  `SELECT ${fields.map((field) => `(${field})::text`).join(', ')} FROM ${table}`;

export const xidOf = ({ fields }: Chained, row: Row) => row[fields.indexOf('xid')] ?? '';

export const keyOf = ({ key, fields }: Chained, row: Row) => key.map((name) => row[fields.indexOf(name)]).join(' ');
