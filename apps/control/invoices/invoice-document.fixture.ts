import type { CreditNoteDocument, InvoiceDocument, ShownLine } from './fields.js';

export const exampleLine = (more: Partial<ShownLine> = {}): ShownLine => ({
  number: 1,
  teamId: 'search',
  teamName: more.teamId === undefined ? 'Search' : `Team ${more.teamId}`,
  projectId: 'web',
  projectName: 'Web',
  model: 'gpt-5-mini',
  dimension: 'in.fresh.text',
  unitPrice: '0.00000125',
  quantity: '4266666',
  amount: '5.3333325',
  rounded: '5.33',
  count: 12,
  root: 'b'.repeat(64),
  ...more,
});

const issuer = {
  id: 'default',
  legalName: 'Tollgate GmbH',
  address: ['Hauptstraße 1', '10115 Berlin'],
  taxId: 'DE123456789',
  numberPrefix: 'TG',
};
const customer = {
  organisationId: 'acme',
  issuer: 'default',
  legalName: 'Zażółć Gęślą Jaźń Sp. z o.o.',
  address: ['Λεωφόρος 1', 'Αθήνα'],
  taxId: 'PL1234567890',
  taxation: { jurisdiction: 'DE' },
};

/** An invoice of one line, as it is shown. */
export const exampleDocument = (more: Partial<InvoiceDocument> = {}): InvoiceDocument => ({
  organisationId: 'acme',
  id: 'july',
  state: 'final',
  number: 'TG-2026-000001',
  currency: 'USD',
  period: { from: '2026-07-01', to: '2026-08-01' },
  at: '2026-08-01T06:00:00.000Z',
  throughBlock: 7,
  issuer,
  customer,
  amounts: {
    ...{ exact: '5.3333325', rounded: '5.33', rounding: '-0.0033325', tax: '1.01', total: '6.34', paidByCredits: '0' },
    ...{ paidByWallets: '0', prepaid: '0', due: '6.34', paid: '0', credited: '0', outstanding: '6.34' },
  },
  taxes: [{ jurisdiction: 'DE', name: 'VAT', rate: '0.19', mode: 'exclusive', base: '5.33', amount: '1.01' }],
  lineCount: 1,
  root: 'a'.repeat(64),
  evidence: {
    ...{ kind: 'reconciliation', runId: 'run-1', finishedAt: '2026-08-01T01:00:00.000Z', usageSequence: 9 },
    grossErrorPpm: 0,
  },
  lines: [exampleLine()],
  ...more,
});

/** A credit note of a part of it that was partly paid, as it is shown. */
export const exampleCreditNote = (more: Partial<CreditNoteDocument> = {}): CreditNoteDocument => ({
  organisationId: 'acme',
  id: 'outage',
  number: 'TG-CN-2026-000001',
  invoice: { id: 'july', number: 'TG-2026-000001' },
  currency: 'USD',
  issuedAt: '2026-08-02T06:00:00.000Z',
  reason: 'An outage.',
  ...{ amount: '1.19', net: '1', takenOff: '0.69', refunded: '0.5', wallet: 'default' },
  taxes: [{ jurisdiction: 'DE', name: 'VAT', rate: '0.19', amount: '0.19' }],
  issuer,
  customer,
  ...more,
});
