import { Controller, Inject } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { z } from 'zod';
import type { ChargeEvent } from '#contracts/charge.js';
import { listAccounts, listEntries, trialBalance } from '#contracts/requests/ledger.js';
import { generalLedgerTotals, ledgerCells, ledgerEvents } from '#contracts/requests/reconciliation.js';
import { Answers, ConsumesEvents, type Delivered, type Rejection } from '#jetstream/handlers.js';
import { answer } from './answer.js';
import { bookCharges } from './book-charges.js';
import { readAccounts, readTrialBalance } from './read-accounts.js';
import { readEntries } from './read-entries.js';
import { readGeneralLedgerTotals } from './read-general-ledger.js';
import { readCells, readEvents } from './read-sub-ledger.js';

/** One database transaction books this many: long enough to be fast, short enough for a top-up to wait its turn. */
const maxEventsPerTurn = 5000;

@Controller()
export class LedgerController {
  constructor(@Inject(DataSource) private readonly source: DataSource) {}

  @ConsumesEvents({ stream: 'charges', consumer: 'ledger', maxEvents: maxEventsPerTurn, maxWaitMs: 50 })
  book(deliveries: readonly Delivered<ChargeEvent>[]): Promise<readonly Rejection<ChargeEvent>[]> {
    return bookCharges(this.source, deliveries);
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
