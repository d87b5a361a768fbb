import { Controller, Inject } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { z } from 'zod';
import {
  getBillingProfile,
  listIssuers,
  listTaxRates,
  setBillingProfile,
  setIssuer,
  setTaxRate,
} from '#contracts/requests/invoices.js';
import { Answers } from '#jetstream/handlers.js';
import { answer } from '../answer.js';
import { readCustomer, readIssuers, setCustomer, setIssuerProfile } from './set-profiles.js';
import { addTaxRate, readTaxRates } from './tax-rates.js';

/** What invoices are made with: who invoices, who is invoiced, and the taxes. */
@Controller()
export class BillingController {
  constructor(@Inject(DataSource) private readonly source: DataSource) {}

  @Answers(setIssuer)
  setIssuer(request: z.infer<typeof setIssuer.request>) {
    return answer(setIssuerProfile(this.source, request));
  }

  @Answers(listIssuers)
  issuers(request: z.infer<typeof listIssuers.request>) {
    return answer(readIssuers(this.source, request));
  }

  @Answers(setBillingProfile)
  setProfile(request: z.infer<typeof setBillingProfile.request>) {
    return answer(setCustomer(this.source, request));
  }

  @Answers(getBillingProfile)
  profile(request: z.infer<typeof getBillingProfile.request>) {
    return answer(readCustomer(this.source, request));
  }

  @Answers(setTaxRate)
  setRate(request: z.infer<typeof setTaxRate.request>) {
    return answer(addTaxRate(this.source, request));
  }

  @Answers(listTaxRates)
  rates(request: z.infer<typeof listTaxRates.request>) {
    return answer(readTaxRates(this.source, request));
  }
}
