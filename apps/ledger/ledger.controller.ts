import { Controller, Inject } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { z } from 'zod';
import type { ChargeEvent } from '#contracts/charge.js';
import { listAccounts, listEntries, topUp, trialBalance } from '#contracts/requests/ledger.js';
import { generalLedgerTotals, ledgerCells, ledgerEvents } from '#contracts/requests/reconciliation.js';
import { Answers, ConsumesEvents, type Delivered, type Rejection } from '#jetstream/handlers.js';
import { RequestFailure } from '#jetstream/request-failure.js';
import { isPassing } from '#postgres/postgres-failure.js';
import { bookCharges } from './book-charges.js';
import { refusedValue } from './refused-value.js';
import { readAccounts, readTrialBalance } from './read-accounts.js';
import { readEntries } from './read-entries.js';
import { readGeneralLedgerTotals } from './read-general-ledger.js';
import { readCells, readEvents } from './read-sub-ledger.js';
import { topUpWallet } from './top-up.js';

/** One database transaction books this many: long enough to be fast, short enough for a top-up to wait its turn. */
const maxEventsPerTurn = 5000;

@Controller()
export class LedgerController {
  constructor(@Inject(DataSource) private readonly source: DataSource) {}

  @ConsumesEvents({ stream: 'charges', consumer: 'ledger', maxEvents: maxEventsPerTurn, maxWaitMs: 50 })
  book(deliveries: readonly Delivered<ChargeEvent>[]): Promise<readonly Rejection<ChargeEvent>[]> {
    return bookCharges(this.source, deliveries);
  }

  @Answers(topUp)
  topUp(request: z.infer<typeof topUp.request>) {
    return answer(topUpWallet(this.source, request));
  }

  @Answers(listAccounts)
  accounts(request: z.infer<typeof listAccounts.request>) {
    return answer(readAccounts(this.source, request));
  }

  @Answers(listEntries)
  entries(request: z.infer<typeof listEntries.request>) {
    return answer(readEntries(this.source, request));
  }

  @Answers(trialBalance)
  trialBalance(request: z.infer<typeof trialBalance.request>) {
    return answer(readTrialBalance(this.source, request));
  }

  @Answers(ledgerCells)
  cells(request: z.infer<typeof ledgerCells.request>) {
    return answer(readCells(this.source, request));
  }

  @Answers(ledgerEvents)
  events(request: z.infer<typeof ledgerEvents.request>) {
    return answer(readEvents(this.source, request));
  }

  @Answers(generalLedgerTotals)
  generalLedgerTotals(request: z.infer<typeof generalLedgerTotals.request>) {
    return answer(readGeneralLedgerTotals(this.source, request));
  }
}

/** Tells the caller what it can do something about; what is left is this program's fault, and logged as such. */
async function answer<Reply>(reply: Promise<Reply>): Promise<Reply> {
  try {
    return await reply;
  } catch (error) {
    const refused = refusedValue(error);
    if (refused !== undefined) throw new RequestFailure('invalid', `The ledger cannot hold this: ${refused}.`);
    if (isPassing(error)) throw new RequestFailure('unavailable', 'The ledger cannot reach its database: try again.');
    throw error;
  }
}
