import type { InvoiceLine } from '#accounting/invoicing/collect-lines.js';
import type { InvoiceLine as ShownLine } from '#contracts/requests/invoices.js';
import { formatAmount } from '#money/pico.js';

export const showLine = ({ subject, number, quantity, amount, rounded, count, root }: InvoiceLine): ShownLine => ({
  number,
  ...(subject.lateMonth === undefined ? {} : { lateMonth: subject.lateMonth }),
  teamId: subject.teamId,
  projectId: subject.projectId,
  model: subject.model,
  ...(subject.tariff === undefined
    ? {}
    : { dimension: subject.tariff.dimension, unitPrice: formatAmount(subject.tariff.unitPrice) }),
  quantity: quantity.toString(),
  amount: formatAmount(amount),
  rounded: formatAmount(rounded),
  count,
  root: Buffer.from(root).toString('hex'),
});
