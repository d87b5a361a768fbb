import type { NatsConnection } from '@nats-io/transport-node';
import { Body, Controller, Get, Inject, Param, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { amount, currency } from '#contracts/cloud-event.js';
import { listWallets, openWallet, setWalletTerms } from '#contracts/requests/wallets.js';
import { ask } from '#jetstream/ask.js';
import { NATS_CONNECTION } from '#jetstream/jetstream.module.js';
import { format } from '../lists/csv.interceptor.js';
import { list, listOf, pageQuery } from '../lists/list.js';
import { badBody, Operation } from '../openapi/operation.js';
import { displayName, type OrganisationPath, organisationPath } from '../organisations/fields.js';
import { show, shownWallet, wallet, walletPath, type WalletPath } from './fields.js';

const walletsQuery = pageQuery.extend({ format });
const newWallet = z.strictObject({ id: wallet, currency, name: displayName.exactOptional() }).meta({ id: 'NewWallet' });
const limit = amount.refine((text) => !text.startsWith('-'), 'must not be below 0');
const newTerms = z
  .strictObject({
    currency,
    terms: z.discriminatedUnion('kind', [
      z.strictObject({ kind: z.literal('prepaid') }),
      z.strictObject({ kind: z.literal('postpaid'), creditLimit: limit }),
    ]),
  })
  .meta({ id: 'NewWalletTerms' });

const walletColumns = [
  ...['organisationId', 'id', 'name', 'currency', 'terms.kind', 'terms.creditLimit'],
  ...['money', 'credits', 'unbilled', 'balance'],
];

@ApiTags('wallets')
@Controller('v1/organisations/:org/wallets')
export class WalletsController {
  constructor(@Inject(NATS_CONNECTION) private readonly nats: NatsConnection) {}

  @Get()
  @Operation({
    summary: 'The wallets of an organisation, with their balances',
    access: 'organisation',
    answer: listOf(shownWallet),
    refuses: [400],
    csv: walletColumns,
  })
  async listWallets(
    @Param({ schema: organisationPath }) { org }: OrganisationPath,
    @Query({ schema: walletsQuery }) { format: _, ...page }: z.infer<typeof walletsQuery>,
  ) {
    const { items, next } = await ask(this.nats, listWallets, { orgId: org, ...page });
    return list(items.map(show), next);
  }

  @Post()
  @Operation({
    summary: 'Open a wallet beside the default one. The same again changes nothing',
    access: 'organisation',
    status: 201,
    answer: shownWallet,
    refuses: [...badBody, 409],
  })
  async openWallet(
    @Param({ schema: organisationPath }) { org }: OrganisationPath,
    @Body({ schema: newWallet }) opened: z.infer<typeof newWallet>,
  ) {
    return show(await ask(this.nats, openWallet, { orgId: org, ...opened }));
  }

  /** The platform's alone: who is billed afterwards is given credit. */
  @Post(':wallet/terms')
  @Operation({
    summary: 'Make a wallet prepaid or postpaid from now on',
    access: 'platform',
    answer: shownWallet,
    refuses: [...badBody, 404],
  })
  async setWalletTerms(
    @Param({ schema: walletPath }) { org, wallet }: WalletPath,
    @Body({ schema: newTerms }) terms: z.infer<typeof newTerms>,
  ) {
    return show(await ask(this.nats, setWalletTerms, { orgId: org, wallet, ...terms }));
  }
}
