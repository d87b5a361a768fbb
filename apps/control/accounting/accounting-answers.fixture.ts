import { Controller } from '@nestjs/common';
import type { z } from 'zod';
import {
  balanceSheet,
  chainState,
  closePeriod,
  correctCharge,
  generalLedger,
  getTransaction,
  incomeStatement,
  journal,
  listPeriods,
  type LedgerTransaction,
} from '#contracts/requests/accounting.js';
import { Answers } from '#jetstream/handlers.js';
import { RequestFailure } from '#jetstream/request-failure.js';

type Asked<Contract extends { request: z.ZodType }> = z.output<Contract['request']>;

const transactionOf = (orgId: string, id: string): LedgerTransaction => ({
  ...{ id, orgId, currency: 'USD', kind: 'top_up', period: '2026-07', belongsTo: '2026-07' },
  ...{ effectiveAt: '2026-07-01T00:00:00.000Z', postedAt: '2026-07-01T00:00:00.000Z' },
  postings: [
    {
      ...{ id, debit: 'cash-clearing', debitKind: 'asset', credit: 'customer-wallet', creditKind: 'liability' },
      amount: '0.000000000001',
    },
  ],
});

/** What the ledger answers about its books, as its contracts say. It keeps what it was asked. */
@Controller()
export class AccountingAnswers {
  readonly asked: unknown[] = [];

  @Answers(listPeriods)
  periods() {
    return { items: [{ period: '2026-07', state: 'open' as const, transactions: 3, late: 1 }] };
  }

  @Answers(closePeriod)
  close({ period, closedBy }: Asked<typeof closePeriod>) {
    if (period > '2026-07') throw new RequestFailure('conflict', `${period} is not over yet.`);
    return { period, closedBy, state: 'closed' as const, transactions: 3, late: 1, repeated: false };
  }

  @Answers(balanceSheet)
  balanceSheet(request: Asked<typeof balanceSheet>) {
    this.asked.push(request);
    return { sheets: [] };
  }

  @Answers(incomeStatement)
  incomeStatement(request: Asked<typeof incomeStatement>) {
    this.asked.push(request);
    return { statements: [] };
  }

  @Answers(generalLedger)
  generalLedger(request: Asked<typeof generalLedger>) {
    this.asked.push(request);
    return { opening: '0', closing: '1', items: [] };
  }

  @Answers(journal)
  journal({ orgId = 'acme', after }: Asked<typeof journal>) {
    if (after === undefined) return { items: [transactionOf(orgId, '1')], next: 'second' };
    return { items: [transactionOf(orgId, '2')] };
  }

  @Answers(getTransaction)
  transaction({ orgId, id }: Asked<typeof getTransaction>) {
    if (id !== '1') throw new RequestFailure('not_found', `There is no transaction ${id} of ${orgId}.`);
    return { transaction: transactionOf(orgId, id), charges: { items: [] } };
  }

  @Answers(correctCharge)
  correct({ amount, cost, ...request }: Asked<typeof correctCharge>) {
    this.asked.push({ amount, cost, ...request });
    return { transactionId: '3', amount, cost, repeated: false };
  }

  @Answers(chainState)
  chain() {
    return { head: { height: 7, hash: 'a'.repeat(64), sealedAt: '2026-07-01T00:00:00.000Z' } };
  }
}
