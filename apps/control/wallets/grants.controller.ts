import type { NatsConnection } from '@nats-io/transport-node';
import { Body, Controller, Delete, Get, Inject, Param, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { currency, identifier, instant } from '#contracts/cloud-event.js';
import { creditGrant, grantCredits, listGrants, revokeGrant } from '#contracts/requests/wallets.js';
import { ask } from '#jetstream/ask.js';
import { NATS_CONNECTION } from '#jetstream/jetstream.module.js';
import { format } from '../lists/csv.interceptor.js';
import { list, listOf, pageQuery } from '../lists/list.js';
import { badBody, Operation } from '../openapi/operation.js';
import { chosenId, type OrganisationPath, organisationPath } from '../organisations/fields.js';
import { moved, show, shownGrant, wallet } from './fields.js';
import { IdempotencyKey, TakesIdempotencyKey } from './idempotency-key.js';

const grantsQuery = pageQuery.extend({ format });
const grantPath = organisationPath.extend({ grant: identifier });
const defaultPriority = 100;
const newGrant = z
  .strictObject({
    id: chosenId,
    currency,
    amount: moved,
    priority: creditGrant.shape.priority.default(defaultPriority).describe('The lower one is used first.'),
    validFrom: instant.exactOptional().describe('Usage from here on may use it. Left out: from now on.'),
    expiresAt: instant.exactOptional().describe('Usage from here on may not. Left out: it does not expire.'),
    wallet: wallet.exactOptional().describe('The one wallet whose usage it pays. Left out: any.'),
  })
  .meta({ id: 'NewGrant' });
const given = shownGrant.extend({ repeated: z.boolean() }).meta({ id: 'GivenGrant' });

const grantColumns = [
  ...['organisationId', 'id', 'currency', 'amount', 'left', 'priority', 'validFrom', 'expiresAt', 'wallet', 'status'],
];

@ApiTags('wallets')
@Controller('v1/organisations/:org/grants')
export class GrantsController {
  constructor(@Inject(NATS_CONNECTION) private readonly nats: NatsConnection) {}

  @Get()
  @Operation({
    summary: 'The promotional grants of an organisation, with what is left of each',
    access: 'organisation',
    answer: listOf(shownGrant),
    refuses: [400],
    csv: grantColumns,
  })
  async listGrants(
    @Param({ schema: organisationPath }) { org }: OrganisationPath,
    @Query({ schema: grantsQuery }) { format: _, ...page }: z.infer<typeof grantsQuery>,
  ) {
    const { items, next } = await ask(this.nats, listGrants, { orgId: org, ...page });
    return list(items.map(show), next);
  }

  @Post()
  @Operation({
    summary: 'Give an organisation credits to use up, once per idempotency key',
    access: 'platform',
    status: 201,
    answer: given,
    refuses: [...badBody, 404, 409],
  })
  @TakesIdempotencyKey()
  async giveGrant(
    @Param({ schema: organisationPath }) { org }: OrganisationPath,
    @IdempotencyKey() idempotencyKey: string,
    @Body({ schema: newGrant }) grant: z.infer<typeof newGrant>,
  ) {
    return show(await ask(this.nats, grantCredits, { orgId: org, ...grant, idempotencyKey }));
  }

  @Delete(':grant')
  @Operation({
    summary: 'Revoke a grant: it ends now, and what is left of it goes back. Again, it changes nothing',
    access: 'platform',
    answer: shownGrant,
    refuses: [404],
  })
  async revokeGrant(@Param({ schema: grantPath }) { org, grant }: z.infer<typeof grantPath>) {
    return show(await ask(this.nats, revokeGrant, { orgId: org, id: grant }));
  }
}
