import type { BillingProfile, Issuer } from '#contracts/requests/invoices.js';

export type Party = Pick<Issuer | BillingProfile, 'legalName' | 'address' | 'taxId'>;

/** What a document says, in the words that are printed, before anyone draws it. */
export interface Paper {
  readonly title: string;
  /** The only time in it. */
  readonly at: string;
  readonly issuer?: Party | undefined;
  readonly customer?: Party | undefined;
  /** Name and value, as they stand at the top. */
  readonly facts: readonly (readonly [string, string])[];
  readonly introduction?: string;
  /** Absent: there is no table. */
  readonly sections?: readonly Section[];
  readonly totals: readonly TotalRow[];
  readonly notes: readonly string[];
}

/** Rows that stand together, with their sum. */
export interface Section {
  readonly title: string;
  /** A text for each column. */
  readonly rows: readonly (readonly string[])[];
  readonly total: string;
}

export interface TotalRow {
  readonly label: string;
  readonly amount: string;
  readonly isStrong?: boolean;
}
