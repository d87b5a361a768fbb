import { minorUnitDecimals } from '#accounting/invoicing/minor-units.js';
import { formatAmount, parseAmount } from '#money/pico.js';
import type { InvoiceDocument, ShownLine, ShownProfile } from './fields.js';
import type { Paper, Section, TotalRow } from './paper.js';

export const invoicePaper = (invoice: InvoiceDocument): Paper => ({
  title: titleOf(invoice),
  at: invoice.at,
  issuer: invoice.issuer,
  customer: invoice.customer,
  facts: factsOf(invoice),
  sections: sectionsOf(invoice),
  totals: totalsOf(invoice),
  notes: notesOf(invoice),
});

/** `1234.5` → `1,234.50`, in as many decimals as the currency has. Exact: no number in between. */
export function moneyText(amount: string, currency: string): string {
  const decimals = minorUnitDecimals(currency);
  const [, sign = '', whole = '', fraction = ''] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(amount) ?? [];
  const padded = fraction.padEnd(decimals, '0');
  return `${sign}${groupText(whole)}${padded === '' ? '' : `.${padded}`}`;
}

const groupText = (whole: string) => whole.replace(/\B(?=(\d{3})+$)/g, ',');

/** By team, and usage that came late by its month too: the order of the lines keeps them together. */
export function sectionsOf({ lines, currency }: InvoiceDocument): Section[] {
  const groups = new Map<string, ShownLine[]>();
  for (const line of lines) {
    const key = JSON.stringify([line.lateMonth ?? '', line.teamId]);
    groups.set(key, [...(groups.get(key) ?? []), line]);
  }
  return [...groups.values()].map((group) => {
    const { teamName = '', lateMonth } = group[0] ?? {};
    const sum = group.reduce((total, { rounded }) => total + parseAmount(rounded), 0n);
    return {
      title: lateMonth === undefined ? teamName : `${teamName}, late usage of ${lateMonth}`,
      rows: group.map((line) => rowOf(line, currency)),
      total: moneyText(formatAmount(sum), currency),
    };
  });
}

const rowOf = (line: ShownLine, currency: string) => [
  line.projectName,
  line.model,
  line.dimension ?? 'adjustments',
  groupText(line.quantity),
  line.unitPrice ?? '',
  moneyText(line.rounded, currency),
];

/** From the sum of the lines to what is still to be paid. */
export function totalsOf({ amounts, taxes, currency, customer }: InvoiceDocument): TotalRow[] {
  const money = (amount: string) => moneyText(amount, currency);
  const minus = (amount: string) => money(formatAmount(-parseAmount(amount)));
  const takenOff = formatAmount(
    parseAmount(amounts.due) - parseAmount(amounts.paid) - parseAmount(amounts.outstanding),
  );
  return [
    { label: 'Usage', amount: money(amounts.rounded) },
    ...taxes.map(({ name, rate, mode, base, amount }) => ({
      label: `${mode === 'inclusive' ? 'Contains ' : ''}${name} ${percentText(rate)} on ${money(base)}`,
      amount: money(amount),
    })),
    ...(customer === undefined ? [] : exemptionRows(customer, currency)),
    { label: `Total ${currency}`, amount: money(amounts.total), isStrong: true },
    ...[
      { label: 'Paid from credits and wallets', taken: amounts.prepaid },
      { label: 'Payments received', taken: amounts.paid },
      { label: 'Credit notes', taken: takenOff },
    ]
      .filter(({ taken }) => parseAmount(taken) !== 0n)
      .map(({ label, taken }) => ({ label, amount: minus(taken) })),
    { label: `To be paid ${currency}`, amount: money(amounts.outstanding), isStrong: true },
  ];
}

/** Why there is no tax, where there is none: the law wants it printed. */
export const exemptionRows = ({ taxation }: ShownProfile, currency: string): TotalRow[] =>
  'exemption' in taxation ? [{ label: `No tax: ${taxation.exemption}`, amount: moneyText('0', currency) }] : [];

/** `0.08875` → `8.875 %`. */
export const percentText = (rate: string) => `${formatAmount(parseAmount(rate) * 100n)} %`;

function titleOf({ state, number }: InvoiceDocument): string {
  if (number === undefined) return 'Draft of an invoice';
  return state === 'void' ? `Invoice ${number} (void)` : `Invoice ${number}`;
}

function factsOf(invoice: InvoiceDocument): readonly (readonly [string, string])[] {
  const { period, at, number, currency, customer } = invoice;
  const last = new Date(Date.parse(period.to) - 86_400_000).toISOString().slice(0, 10);
  return [
    [number === undefined ? 'Computed' : 'Date', at.slice(0, 10)],
    ['Usage from', period.from],
    ['until', `${last} (UTC)`],
    ['Currency', currency],
    ...(customer?.taxId === undefined ? [] : [['Your tax id', customer.taxId] as const]),
  ];
}

function notesOf({ amounts, currency, lines, missing = [], voided, root }: InvoiceDocument): string[] {
  const charges = groupText(String(lines.reduce((sum, { count }) => sum + count, 0)));
  return [
    ...missing.map((what) => `Not final: ${what}`),
    ...(voided === undefined ? [] : [`Void since ${voided.at.slice(0, 10)}: ${voided.reason}`]),
    `Usage comes to exactly ${amounts.exact} ${currency}; each line is rounded once, half to even.`,
    `${charges} parts of charges stand behind these lines. Merkle root over the lines: ${root}`,
  ];
}
