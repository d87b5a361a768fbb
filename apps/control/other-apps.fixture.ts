import { Controller, type INestMicroservice, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { z } from 'zod';
import type { LedgerAccount } from '#contracts/requests/ledger.js';
import { listAccounts, listEntries, trialBalance } from '#contracts/requests/ledger.js';
import { getPriceBook, listPriceBooks } from '#contracts/requests/prices.js';
import type { ReconciliationRun } from '#contracts/requests/reconciliation.js';
import { getRun, listRuns, runReconciliation } from '#contracts/requests/reconciliation.js';
import { spend } from '#contracts/requests/spend.js';
import {
  assignWallet,
  type CreditGrant,
  grantCredits,
  listAssignments,
  listGrants,
  listWallets,
  openWallet,
  refund,
  reportRefund,
  revokeGrant,
  setWalletTerms,
  topUp,
  transfer,
  type WalletState,
} from '#contracts/requests/wallets.js';
import { Answers } from '#jetstream/handlers.js';
import { JetStreamModule, jetStreamTransport } from '#jetstream/jetstream.module.js';
import { RequestFailure } from '#jetstream/request-failure.js';
import { logger } from '#telemetry/log.js';
import { AccountingAnswers } from './accounting/accounting-answers.fixture.js';
import { BudgetAnswers } from './budgets/budget-answers.fixture.js';
import { InvoiceAnswers } from './invoices/invoice-answers.fixture.js';

type Asked<Contract extends { request: z.ZodType }> = z.output<Contract['request']>;

export const runOf = (orgId?: string): ReconciliationRun => ({
  id: `run-${orgId ?? 'all'}`,
  ...(orgId === undefined ? {} : { orgId }),
  startedAt: '2026-01-01T00:00:00.000Z',
  finishedAt: '2026-01-01T00:00:01.000Z',
  cut: { usageSequence: 7 },
  status: 'balanced',
  counts: { accepted: 2, charged: 1, suspended: 1, quarantined: 0, voided: 0 },
  cells: 2,
  totals: [],
  grossErrorPpm: 0,
  breakCount: 0,
  breaks: [],
});

const accountOf = (orgId: string): LedgerAccount => ({
  id: `${orgId}-wallet`,
  orgId,
  name: 'customer-wallet',
  kind: 'liability',
  currency: 'USD',
  debits: '0.000012',
  credits: '1000',
  balance: '999.999988',
});

const walletOf = (orgId: string, id = 'default'): WalletState => ({
  ...{ orgId, id, currency: 'USD', terms: { kind: 'postpaid', creditLimit: '100' } },
  ...{ money: '5', credits: '2.5', unbilled: '1', balance: '6.5' },
});

const grantOf = (orgId: string, id = 'welcome'): CreditGrant => ({
  ...{ orgId, id, currency: 'USD', amount: '10', left: '2.5', priority: 100, status: 'active' },
  validFrom: '2026-01-01T00:00:00.000Z',
});

/** What the other apps answer, as their contracts say. It keeps what it was asked. */
@Controller()
export class OtherApps {
  readonly asked: unknown[] = [];
  readonly #toppedUp = new Map<string, string>();

  @Answers(spend)
  spend(request: Asked<typeof spend>) {
    this.asked.push(request);
    const counts = { charged: 1, suspended: 0, voided: 0, inputTokens: 10, outputTokens: 5 };
    const money = { currency: 'USD', amount: '-0.000012', cost: '0.00001' };
    return {
      rows: [
        { teamId: 'search', model: '=HYPERLINK("http://evil")', ...counts, ...money },
        { teamId: 'gone', model: 'gpt, "quoted"', ...counts, ...money },
      ],
    };
  }

  @Answers(topUp)
  topUp(request: Asked<typeof topUp>) {
    this.asked.push(request);
    const before = this.#toppedUp.get(request.idempotencyKey);
    if (before !== undefined && before !== request.amount) throw new RequestFailure('conflict', 'Another amount.');
    this.#toppedUp.set(request.idempotencyKey, request.amount);
    return { transactionId: 't1', balance: request.amount, repeated: before !== undefined };
  }

  @Answers(transfer)
  transfer(request: Asked<typeof transfer>) {
    this.asked.push(request);
    return { transactionId: 't2', balance: '0', repeated: false };
  }

  @Answers(refund)
  refund(request: Asked<typeof refund>) {
    this.asked.push(request);
    if (request.amount === '1000000') throw new RequestFailure('conflict', 'The wallet has less.');
    return { transactionId: 't3', balance: '0', repeated: false };
  }

  @Answers(reportRefund)
  reportRefund(request: Asked<typeof reportRefund>) {
    this.asked.push(request);
    if (!this.#toppedUp.has(request.paymentId)) throw new RequestFailure('not_found', 'No such payment.');
    return { transactionId: 't4', balance: '0', repeated: false };
  }

  @Answers(listWallets)
  wallets({ orgId }: Asked<typeof listWallets>) {
    return { items: [walletOf(orgId)] };
  }

  @Answers(openWallet)
  openWallet({ orgId, id }: Asked<typeof openWallet>) {
    return walletOf(orgId, id);
  }

  @Answers(setWalletTerms)
  setTerms({ orgId, wallet }: Asked<typeof setWalletTerms>) {
    return walletOf(orgId, wallet);
  }

  @Answers(assignWallet)
  assign(request: Asked<typeof assignWallet>) {
    this.asked.push(request);
    return request;
  }

  @Answers(listAssignments)
  assignments({ orgId }: Asked<typeof listAssignments>) {
    const payer = { kind: 'team' as const, id: 'search' };
    return { items: [{ orgId, currency: 'USD', payer, wallet: 'research' }] };
  }

  @Answers(grantCredits)
  grant(request: Asked<typeof grantCredits>) {
    this.asked.push(request);
    return { ...grantOf(request.orgId, request.id), repeated: false };
  }

  @Answers(listGrants)
  grants({ orgId }: Asked<typeof listGrants>) {
    return { items: [grantOf(orgId)] };
  }

  @Answers(revokeGrant)
  revokeGrant({ orgId, id }: Asked<typeof revokeGrant>) {
    if (id !== 'welcome') throw new RequestFailure('not_found', `There is no grant "${id}".`);
    return { ...grantOf(orgId, id), left: '0', status: 'revoked' as const };
  }

  @Answers(listAccounts)
  accounts({ orgId, after }: Asked<typeof listAccounts>) {
    return after === undefined ? { items: [accountOf(orgId)], next: 'second' } : { items: [] };
  }

  @Answers(listEntries)
  entries({ orgId, account }: Asked<typeof listEntries>) {
    if (account === 'no-such') throw new RequestFailure('not_found', `There is no account "${account}" of ${orgId}.`);
    return { items: [] };
  }

  @Answers(trialBalance)
  trialBalance({ orgId = 'acme' }: Asked<typeof trialBalance>) {
    const totals = [{ currency: 'USD', debits: '1000', credits: '1000', balanced: true }];
    return { rows: [accountOf(orgId)], totals };
  }

  @Answers(runReconciliation)
  run(request: Asked<typeof runReconciliation>) {
    this.asked.push(request);
    return runOf(request.orgId);
  }

  @Answers(listRuns)
  runs({ orgId }: Asked<typeof listRuns>) {
    return { items: [runOf(orgId)] };
  }

  @Answers(getRun)
  getRun({ id }: Asked<typeof getRun>) {
    const org = /^run-(\w+)$/.exec(id)?.[1];
    if (org === undefined) throw new RequestFailure('not_found', `No run ${id} here.`);
    return org === 'all' ? runOf() : runOf(org);
  }

  @Answers(listPriceBooks)
  books() {
    return { current: 'v1', books: [{ version: 'v1', publishedAt: '2026-01-01T00:00:00.000Z', tariffs: 1 }] };
  }

  @Answers(getPriceBook)
  book({ version }: Asked<typeof getPriceBook>) {
    if (version !== 'v1') throw new RequestFailure('not_found', `There is no price book ${version}.`);
    return { version, publishedAt: '2026-01-01T00:00:00.000Z', tariffs: [] };
  }
}

/** Serves the other apps' answers over the real NATS of a test. */
export async function startOtherApps(natsUrl: string): Promise<{ answers: OtherApps; app: INestMicroservice }> {
  @Module({
    imports: [JetStreamModule.forRoot({ servers: natsUrl, name: 'other-apps' })],
    controllers: [OtherApps, BudgetAnswers, AccountingAnswers, InvoiceAnswers],
  })
  class OtherAppsModule {}
  const app = await NestFactory.createMicroservice(OtherAppsModule, {
    ...jetStreamTransport,
    logger: logger('other-apps', 'error'),
  });
  await app.listen();
  return { answers: app.get(OtherApps), app };
}
