import type { NatsConnection } from '@nats-io/transport-node';
import { Controller, Get, Inject, Param, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { currency } from '#contracts/cloud-event.js';
import { balanceSheet, generalLedger, incomeStatement } from '#contracts/requests/accounting.js';
import { ask } from '#jetstream/ask.js';
import { NATS_CONNECTION } from '#jetstream/jetstream.module.js';
import { format } from '../lists/csv.interceptor.js';
import { list, listOf, pageQuery } from '../lists/list.js';
import { Operation } from '../openapi/operation.js';
import { type OrganisationPath, organisationPath } from '../organisations/fields.js';
import { scopeFields, scopeOf } from './fields.js';

const statementQuery = z.strictObject(scopeFields);
const { from: _from, ...endFields } = scopeFields;
const sheetQuery = z.strictObject(endFields);
const generalLedgerQuery = pageQuery.extend({
  ...scopeFields,
  currency,
  account: z.string().min(1).max(256).describe('The name of an account, such as `customer-wallet`.'),
  format,
});

const { items, opening, closing } = generalLedger.reply.shape;
const generalLedgerAnswer = listOf(items.element.meta({ id: 'GeneralLedgerEntry' }))
  .extend({ opening, closing })
  .meta({ id: 'GeneralLedger' });
const sheetAnswer = balanceSheet.reply.meta({ id: 'BalanceSheets' });
const statementAnswer = incomeStatement.reply.meta({ id: 'IncomeStatements' });

@ApiTags('ledger')
@Controller('v1')
export class StatementsController {
  constructor(@Inject(NATS_CONNECTION) private readonly nats: NatsConnection) {}

  @Get('organisations/:org/ledger/general-ledger')
  @Operation({
    summary: 'One account from its opening over each entry to its closing balance',
    access: 'organisation',
    answer: generalLedgerAnswer,
    refuses: [400],
    csv: [
      ...['transactionId', 'postingId', 'kind', 'side', 'amount', 'balance', 'against', 'effectiveAt', 'postedAt'],
      'period',
    ],
  })
  async getGeneralLedger(
    @Param({ schema: organisationPath }) { org }: OrganisationPath,
    @Query({ schema: generalLedgerQuery }) { format: _, ...query }: z.infer<typeof generalLedgerQuery>,
  ) {
    const { items, next, ...balances } = await ask(this.nats, generalLedger, { orgId: org, ...query });
    return { ...list(items, next), ...balances };
  }

  @Get('organisations/:org/ledger/balance-sheet')
  @Operation({
    summary: "An organisation's balance sheet per currency, at the end of a month or as of a time",
    access: 'organisation',
    answer: sheetAnswer,
    refuses: [400],
  })
  getBalanceSheet(
    @Param({ schema: organisationPath }) { org }: OrganisationPath,
    @Query({ schema: sheetQuery }) query: z.infer<typeof sheetQuery>,
  ) {
    return ask(this.nats, balanceSheet, scopeOf(query, org));
  }

  @Get('ledger/balance-sheet')
  @Operation({
    summary: 'The balance sheet over all organisations',
    access: 'platform',
    answer: sheetAnswer,
    refuses: [400],
  })
  getPlatformBalanceSheet(@Query({ schema: sheetQuery }) query: z.infer<typeof sheetQuery>) {
    return ask(this.nats, balanceSheet, query);
  }

  @Get('organisations/:org/ledger/income-statement')
  @Operation({
    summary: "An organisation's income statement per currency, by account class and provider",
    access: 'organisation',
    answer: statementAnswer,
    refuses: [400],
  })
  getIncomeStatement(
    @Param({ schema: organisationPath }) { org }: OrganisationPath,
    @Query({ schema: statementQuery }) query: z.infer<typeof statementQuery>,
  ) {
    return ask(this.nats, incomeStatement, scopeOf(query, org));
  }

  @Get('ledger/income-statement')
  @Operation({
    summary: 'The income statement over all organisations',
    access: 'platform',
    answer: statementAnswer,
    refuses: [400],
  })
  getPlatformIncomeStatement(@Query({ schema: statementQuery }) query: z.infer<typeof statementQuery>) {
    return ask(this.nats, incomeStatement, query);
  }
}
