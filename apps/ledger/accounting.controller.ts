import { Controller, Inject } from '@nestjs/common';
import { DataSource } from 'typeorm';
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
} from '#contracts/requests/accounting.js';
import { Answers } from '#jetstream/handlers.js';
import { answer } from './answer.js';
import { HeadPublisher } from './chain/head-publisher.timer.js';
import { readHead } from './chain/read-head.js';
import { correctBookedCharge } from './corrections/correct-charge.js';
import { closeMonth } from './periods/close-period.js';
import { readPeriods } from './periods/read-periods.js';
import { readAccountLedger } from './reports/read-general-ledger.js';
import { readJournal } from './reports/read-journal.js';
import { readBalanceSheet, readIncomeStatement } from './reports/read-statements.js';
import { readTransaction } from './reports/read-transaction.js';

@Controller()
export class AccountingController {
  constructor(
    @Inject(DataSource) private readonly source: DataSource,
    @Inject(HeadPublisher) private readonly heads: HeadPublisher,
  ) {}

  @Answers(listPeriods)
  periods(request: z.infer<typeof listPeriods.request>) {
    return answer(readPeriods(this.source, request));
  }

  @Answers(closePeriod)
  close(request: z.infer<typeof closePeriod.request>) {
    return answer(closeMonth(this.source, request));
  }

  @Answers(balanceSheet)
  balanceSheet(request: z.infer<typeof balanceSheet.request>) {
    return answer(readBalanceSheet(this.source, request));
  }

  @Answers(incomeStatement)
  incomeStatement(request: z.infer<typeof incomeStatement.request>) {
    return answer(readIncomeStatement(this.source, request));
  }

  @Answers(generalLedger)
  generalLedger(request: z.infer<typeof generalLedger.request>) {
    return answer(readAccountLedger(this.source, request));
  }

  @Answers(journal)
  journal(request: z.infer<typeof journal.request>) {
    return answer(readJournal(this.source, request));
  }

  @Answers(getTransaction)
  transaction(request: z.infer<typeof getTransaction.request>) {
    return answer(readTransaction(this.source, request));
  }

  @Answers(correctCharge)
  correct(request: z.infer<typeof correctCharge.request>) {
    return answer(correctBookedCharge(this.source, request));
  }

  @Answers(chainState)
  async chain(): Promise<z.infer<typeof chainState.reply>> {
    const head = await answer(readHead(this.source));
    const { published, conflict } = this.heads;
    return {
      ...(head === undefined ? {} : { head }),
      ...(published === undefined ? {} : { published }),
      ...(conflict === undefined ? {} : { conflict }),
    };
  }
}
