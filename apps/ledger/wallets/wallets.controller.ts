import { Controller, Inject } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { z } from 'zod';
import {
  assignWallet,
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
} from '#contracts/requests/wallets.js';
import { Answers } from '#jetstream/handlers.js';
import { answer } from '../answer.js';
import { topUpWallet } from '../top-up.js';
import { assignUsage, readAssignments } from './assign-wallet.js';
import { endGrant } from './expire-grants.js';
import { giveCredits } from './grant-credits.js';
import { openNamedWallet } from './open-wallet.js';
import { readGrants } from './read-grants.js';
import { readWallets } from './read-wallets.js';
import { bookReportedRefund, refundMoney } from './refund-money.js';
import { setTerms } from './set-terms.js';
import { transferMoney } from './transfer-money.js';

@Controller()
export class WalletsController {
  constructor(@Inject(DataSource) private readonly source: DataSource) {}

  @Answers(listWallets)
  wallets(request: z.infer<typeof listWallets.request>) {
    return answer(readWallets(this.source, request));
  }

  @Answers(openWallet)
  open(request: z.infer<typeof openWallet.request>) {
    return answer(openNamedWallet(this.source, request));
  }

  @Answers(setWalletTerms)
  terms(request: z.infer<typeof setWalletTerms.request>) {
    return answer(setTerms(this.source, request));
  }

  @Answers(assignWallet)
  assign(request: z.infer<typeof assignWallet.request>) {
    return answer(assignUsage(this.source, request));
  }

  @Answers(listAssignments)
  assignments(request: z.infer<typeof listAssignments.request>) {
    return answer(readAssignments(this.source, request));
  }

  @Answers(topUp)
  topUp(request: z.infer<typeof topUp.request>) {
    return answer(topUpWallet(this.source, request));
  }

  @Answers(transfer)
  transfer(request: z.infer<typeof transfer.request>) {
    return answer(transferMoney(this.source, request));
  }

  @Answers(refund)
  refund(request: z.infer<typeof refund.request>) {
    return answer(refundMoney(this.source, request));
  }

  @Answers(reportRefund)
  reportRefund(request: z.infer<typeof reportRefund.request>) {
    return answer(bookReportedRefund(this.source, request));
  }

  @Answers(grantCredits)
  grant(request: z.infer<typeof grantCredits.request>) {
    return answer(giveCredits(this.source, request));
  }

  @Answers(listGrants)
  grants(request: z.infer<typeof listGrants.request>) {
    return answer(readGrants(this.source, request));
  }

  @Answers(revokeGrant)
  revokeGrant(request: z.infer<typeof revokeGrant.request>) {
    return answer(endGrant(this.source, request));
  }
}
