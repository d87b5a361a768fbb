import { Controller, Get, Inject, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { DataSource } from 'typeorm';
import { z } from 'zod';
import { identifier } from '#contracts/cloud-event.js';
import { type Caller, inView, TheCaller } from '../access/caller.js';
import { format } from '../lists/csv.interceptor.js';
import { listOf, pageQuery } from '../lists/list.js';
import { Operation } from '../openapi/operation.js';
import { auditColumns, auditEntry } from './fields.js';
import { readAuditLog } from './read-audit-log.js';

const auditQuery = pageQuery.extend({
  after: z
    .string()
    .regex(/^\d{1,18}$/, 'not a cursor of this list')
    .exactOptional(),
  organisationId: identifier
    .exactOptional()
    .describe("Left out: every organisation; with an organisation's token, its own."),
  action: identifier.exactOptional().describe('Only this one, such as `revokeKey`.'),
  format,
});

@ApiTags('audit log')
@Controller('v1/audit-log')
export class AuditController {
  constructor(@Inject(DataSource) private readonly source: DataSource) {}

  @Get()
  @Operation({
    summary: 'Who changed what, the newest first. Nothing of it can be changed',
    access: 'any-token',
    answer: listOf(auditEntry),
    refuses: [400, 404],
    csv: auditColumns,
  })
  listAuditLog(
    @Query({ schema: auditQuery }) { organisationId, format: _, ...question }: z.infer<typeof auditQuery>,
    @TheCaller() caller: Caller,
  ) {
    const { orgId } = inView(caller, organisationId);
    return readAuditLog(this.source, { ...question, ...(orgId !== undefined && { organisationId: orgId }) });
  }
}
