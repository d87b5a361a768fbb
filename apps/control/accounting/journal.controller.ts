import type { NatsConnection } from '@nats-io/transport-node';
import { Controller, Get, Inject, Param, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { journalFormats } from '#accounting/statements/journal-formats.js';
import { NATS_CONNECTION } from '#jetstream/jetstream.module.js';
import { Operation } from '../openapi/operation.js';
import { type OrganisationPath, organisationPath } from '../organisations/fields.js';
import { exportJournal } from './export-journal.js';
import { scopeFields, scopeOf } from './fields.js';

const journalQuery = z.strictObject({
  ...scopeFields,
  format: z.enum(journalFormats).default('csv').describe('`ledger` is for ledger-cli and for hledger.'),
});
const journalAnswer = z.string().meta({ id: 'Journal', description: 'The file, in the format asked for.' });

@ApiTags('ledger')
@Controller('v1')
export class JournalController {
  constructor(@Inject(NATS_CONNECTION) private readonly nats: NatsConnection) {}

  @Get('organisations/:org/ledger/journal')
  @Operation({
    summary: "An organisation's journal as a file: CSV, or for beancount, ledger-cli and hledger to check",
    access: 'organisation',
    answer: journalAnswer,
    refuses: [400],
  })
  getJournal(
    @Param({ schema: organisationPath }) { org }: OrganisationPath,
    @Query({ schema: journalQuery }) { format, ...query }: z.infer<typeof journalQuery>,
  ) {
    return exportJournal(this.nats, format, scopeOf(query, org));
  }

  @Get('ledger/journal')
  @Operation({
    summary: 'The journal of all organisations as a file',
    access: 'platform',
    answer: journalAnswer,
    refuses: [400],
  })
  getPlatformJournal(@Query({ schema: journalQuery }) { format, ...query }: z.infer<typeof journalQuery>) {
    return exportJournal(this.nats, format, scopeOf(query));
  }
}
