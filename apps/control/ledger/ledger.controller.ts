import type { NatsConnection } from '@nats-io/transport-node';
import { Controller, Get, Inject, Param, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import type { ReportScope } from '#contracts/requests/accounting.js';
import { ledgerEntry, listAccounts, listEntries, trialBalance } from '#contracts/requests/ledger.js';
import { ask } from '#jetstream/ask.js';
import { NATS_CONNECTION } from '#jetstream/jetstream.module.js';
import { asOfFields, scopeFields, scopeOf } from '../accounting/fields.js';
import { format } from '../lists/csv.interceptor.js';
import { list, listOf, pageQuery } from '../lists/list.js';
import { Operation } from '../openapi/operation.js';
import { type OrganisationPath, organisationPath } from '../organisations/fields.js';
import { showAccount, shownAccount } from './shown-account.js';

const accountsQuery = pageQuery.extend({ ...asOfFields, format });
const entriesQuery = accountsQuery.extend({
  account: z.string().min(1).max(256).exactOptional().describe('The name of an account: its entries only.'),
});
const trialBalanceQuery = z.strictObject({ ...scopeFields, format });

const trialBalanceAnswer = listOf(shownAccount)
  .extend({ totals: trialBalance.reply.shape.totals })
  .meta({ id: 'TrialBalance' });

const accountColumns = ['organisationId', 'id', 'name', 'kind', 'currency', 'debits', 'credits', 'balance'];
const entryColumns = [
  ...['transactionId', 'postingId', 'kind', 'account', 'side', 'currency', 'amount', 'effectiveAt', 'postedAt'],
];

@ApiTags('ledger')
@Controller('v1')
export class LedgerController {
  constructor(@Inject(NATS_CONNECTION) private readonly nats: NatsConnection) {}

  @Get('organisations/:org/ledger/accounts')
  @Operation({
    summary: 'The accounts of an organisation, with their balances now or as of a time',
    access: 'organisation',
    answer: listOf(shownAccount),
    refuses: [400],
    csv: accountColumns,
  })
  async listLedgerAccounts(
    @Param({ schema: organisationPath }) { org }: OrganisationPath,
    @Query({ schema: accountsQuery }) { format: _, ...page }: z.infer<typeof accountsQuery>,
  ) {
    const { items, next } = await ask(this.nats, listAccounts, { orgId: org, ...page });
    return list(items.map(showAccount), next);
  }

  @Get('organisations/:org/ledger/entries')
  @Operation({
    summary: 'The entries of an organisation, two to a posting',
    access: 'organisation',
    answer: listOf(ledgerEntry),
    refuses: [400],
    csv: entryColumns,
  })
  async listLedgerEntries(
    @Param({ schema: organisationPath }) { org }: OrganisationPath,
    @Query({ schema: entriesQuery }) { format: _, ...page }: z.infer<typeof entriesQuery>,
  ) {
    const { items, next } = await ask(this.nats, listEntries, { orgId: org, ...page });
    return list(items, next);
  }

  @Get('organisations/:org/ledger/trial-balance')
  @Operation({
    summary: "An organisation's trial balance",
    access: 'organisation',
    answer: trialBalanceAnswer,
    refuses: [400],
    csv: accountColumns,
  })
  getTrialBalance(
    @Param({ schema: organisationPath }) { org }: OrganisationPath,
    @Query({ schema: trialBalanceQuery }) { format: _, ...query }: z.infer<typeof trialBalanceQuery>,
  ) {
    return this.#trialBalance(scopeOf(query, org));
  }

  @Get('ledger/trial-balance')
  @Operation({
    summary: 'The trial balance over all organisations',
    access: 'platform',
    answer: trialBalanceAnswer,
    refuses: [400],
    csv: accountColumns,
  })
  getPlatformTrialBalance(
    @Query({ schema: trialBalanceQuery }) { format: _, ...query }: z.infer<typeof trialBalanceQuery>,
  ) {
    return this.#trialBalance(scopeOf(query));
  }

  async #trialBalance(scope: ReportScope) {
    const { rows, totals } = await ask(this.nats, trialBalance, scope);
    return { ...list(rows.map(showAccount)), totals };
  }
}
