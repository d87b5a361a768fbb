import type { NatsConnection } from '@nats-io/transport-node';
import { Controller, Get, Inject, Param, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { z } from 'zod';
import { listLeases } from '#contracts/requests/leases.js';
import { ask } from '#jetstream/ask.js';
import { NATS_CONNECTION } from '#jetstream/jetstream.module.js';
import { format } from '../lists/csv.interceptor.js';
import { list, listOf, pageQuery } from '../lists/list.js';
import { Operation } from '../openapi/operation.js';
import { type OrganisationPath, organisationPath } from '../organisations/fields.js';
import { show, shownLease } from './fields.js';

const leasesQuery = pageQuery.extend({ format });

const leaseColumns = [
  ...['organisationId', 'id', 'status', 'relayId', 'wallet', 'teamId', 'projectId', 'keyId', 'currency', 'amount'],
  ...['used', 'held', 'grantedAt', 'expiresAt', 'settledAt'],
];

@ApiTags('budgets')
@Controller('v1/organisations/:org/leases')
export class LeasesController {
  constructor(@Inject(NATS_CONNECTION) private readonly nats: NatsConnection) {}

  /** The platform's: it tells of relays, which an organisation knows nothing of. */
  @Get()
  @Operation({
    summary: 'What relays hold of an organisation, and have held lately, newest first',
    access: 'platform',
    answer: listOf(shownLease),
    refuses: [400, 404],
    csv: leaseColumns,
  })
  async listLeases(
    @Param({ schema: organisationPath }) { org }: OrganisationPath,
    @Query({ schema: leasesQuery }) { format: _, ...page }: z.infer<typeof leasesQuery>,
  ) {
    const { items, next } = await ask(this.nats, listLeases, { orgId: org, ...page });
    return list(items.map(show), next);
  }
}
