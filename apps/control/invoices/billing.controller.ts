import type { NatsConnection } from '@nats-io/transport-node';
import { Body, Controller, Get, Inject, Param, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { z } from 'zod';
import {
  getBillingProfile,
  issuer,
  listIssuers,
  listTaxRates,
  setBillingProfile,
  setIssuer,
  setTaxRate,
  taxRate,
} from '#contracts/requests/invoices.js';
import { ask } from '#jetstream/ask.js';
import { NATS_CONNECTION } from '#jetstream/jetstream.module.js';
import { list, listOf, type PageQuery, pageQuery } from '../lists/list.js';
import { badBody, Operation } from '../openapi/operation.js';
import { type OrganisationPath, organisationPath } from '../organisations/fields.js';
import { newProfile, shownIssuer, shownProfile, shownTaxRate } from './fields.js';
import { showProfile } from './show-invoice.js';

const newIssuer = issuer.strict().meta({ id: 'NewIssuer' });
const newTaxRate = taxRate.strict().meta({ id: 'NewTaxRate' });

/** Who invoices, who is invoiced, and the taxes. What a final invoice was made with stays with it. */
@ApiTags('billing')
@Controller('v1')
export class BillingController {
  constructor(@Inject(NATS_CONNECTION) private readonly nats: NatsConnection) {}

  @Post('issuers')
  @Operation({
    summary: 'Set who invoices: its name, address, tax id and what its numbers begin with. From the next invoice on',
    access: 'platform',
    status: 201,
    answer: shownIssuer,
    refuses: badBody,
  })
  setIssuer(@Body({ schema: newIssuer }) wanted: z.infer<typeof newIssuer>) {
    return ask(this.nats, setIssuer, wanted);
  }

  @Get('issuers')
  @Operation({ summary: 'List who invoices', access: 'platform', answer: listOf(shownIssuer), refuses: [400] })
  async listIssuers(@Query({ schema: pageQuery }) page: PageQuery) {
    const { items, next } = await ask(this.nats, listIssuers, page);
    return list(items, next);
  }

  @Post('tax-rates')
  @Operation({
    summary: 'Set a tax rate from a day on. The same jurisdiction, name and day again corrects it',
    access: 'platform',
    status: 201,
    answer: shownTaxRate,
    refuses: badBody,
  })
  setTaxRate(@Body({ schema: newTaxRate }) wanted: z.infer<typeof newTaxRate>) {
    return ask(this.nats, setTaxRate, wanted);
  }

  @Get('tax-rates')
  @Operation({ summary: 'List tax rates', access: 'platform', answer: listOf(shownTaxRate), refuses: [400] })
  async listTaxRates(@Query({ schema: pageQuery }) page: PageQuery) {
    const { items, next } = await ask(this.nats, listTaxRates, page);
    return list(items, next);
  }

  @Post('organisations/:org/billing-profile')
  @Operation({
    summary: 'Set who an organisation is on its invoices, and where it is taxed or why it is not',
    access: 'platform',
    status: 201,
    answer: shownProfile,
    refuses: [...badBody, 404],
  })
  async setBillingProfile(
    @Param({ schema: organisationPath }) { org }: OrganisationPath,
    @Body({ schema: newProfile }) wanted: z.infer<typeof newProfile>,
  ) {
    return showProfile(await ask(this.nats, setBillingProfile, { orgId: org, ...wanted }));
  }

  @Get('organisations/:org/billing-profile')
  @Operation({ summary: 'Show who an organisation is on its invoices', access: 'organisation', answer: shownProfile })
  async getBillingProfile(@Param({ schema: organisationPath }) { org }: OrganisationPath) {
    return showProfile(await ask(this.nats, getBillingProfile, { orgId: org }));
  }
}
