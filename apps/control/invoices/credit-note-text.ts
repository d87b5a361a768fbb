import { parseAmount } from '#money/pico.js';
import type { CreditNoteDocument } from './fields.js';
import { exemptionRows, moneyText, percentText } from './invoice-text.js';
import type { Paper, TotalRow } from './paper.js';

export const creditNotePaper = (note: CreditNoteDocument): Paper => ({
  title: `Credit note ${note.number}`,
  at: note.issuedAt,
  issuer: note.issuer,
  customer: note.customer,
  facts: [
    ['Date', note.issuedAt.slice(0, 10)],
    ['Currency', note.currency],
    ...(note.customer.taxId === undefined ? [] : [['Your tax id', note.customer.taxId] as const]),
  ],
  introduction: `Credits invoice ${note.invoice.number}: ${note.reason}`,
  totals: totalsOf(note),
  notes: [],
});

/** What is given back, and where it went. */
function totalsOf({
  currency,
  net,
  taxes,
  customer,
  amount,
  takenOff,
  refunded,
  wallet,
}: CreditNoteDocument): TotalRow[] {
  const money = (text: string) => moneyText(text, currency);
  return [
    { label: 'Without tax', amount: money(net) },
    ...taxes.map((tax) => ({ label: `${tax.name} ${percentText(tax.rate)}`, amount: money(tax.amount) })),
    ...exemptionRows(customer, currency),
    { label: `Total credited ${currency}`, amount: money(amount), isStrong: true },
    ...[
      { label: 'Off what was to be paid', part: takenOff },
      { label: `Back into wallet ${wallet}`, part: refunded },
    ]
      .filter(({ part }) => parseAmount(part) !== 0n)
      .map(({ label, part }) => ({ label, amount: money(part) })),
  ];
}

/** As CSV. Rows name their document, so that the files of many can be put together. */
export const creditPartColumns = [
  ...['number', 'invoice.number', 'currency', 'part', 'jurisdiction', 'name', 'rate', 'amount'],
];

/** What is without tax and each tax: together the amount of the credit note. */
export function creditPartsOf({ number, invoice, currency, net, taxes }: CreditNoteDocument): object[] {
  const parts = [{ part: 'net', amount: net }, ...taxes.map((tax) => ({ part: 'tax', ...tax }))];
  return parts.map((part) => ({ number, invoice, currency, ...part }));
}
