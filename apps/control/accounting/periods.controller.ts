import type { NatsConnection } from '@nats-io/transport-node';
import { Body, Controller, Get, Inject, Param, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { chainState, closePeriod, ledgerPeriod, listPeriods, month } from '#contracts/requests/accounting.js';
import { ask } from '#jetstream/ask.js';
import { NATS_CONNECTION } from '#jetstream/jetstream.module.js';
import { format } from '../lists/csv.interceptor.js';
import { list, listOf, pageQuery } from '../lists/list.js';
import { badBody, Operation } from '../openapi/operation.js';
import { displayName } from '../organisations/fields.js';

const periodsQuery = pageQuery.extend({ format });
const periodPath = z.object({ period: month });
const closing = z
  .strictObject({ closedBy: displayName.describe('Who closes it: stands in the book for ever.') })
  .meta({ id: 'PeriodClosing' });
const shownPeriod = ledgerPeriod.meta({ id: 'LedgerPeriod' });
const chainAnswer = chainState.reply.meta({ id: 'LedgerChain' });

@ApiTags('ledger')
@Controller('v1/ledger')
export class PeriodsController {
  constructor(@Inject(NATS_CONNECTION) private readonly nats: NatsConnection) {}

  @Get('periods')
  @Operation({
    summary: 'The months of the book, newest first, and which are closed',
    access: 'platform',
    answer: listOf(shownPeriod),
    refuses: [400],
    csv: ['period', 'state', 'closedAt', 'closedBy', 'transactions', 'late'],
  })
  async listPeriods(@Query({ schema: periodsQuery }) { format: _, ...page }: z.infer<typeof periodsQuery>) {
    const { items, next } = await ask(this.nats, listPeriods, page);
    return list(items, next);
  }

  @Post('periods/:period/close')
  @Operation({
    summary: 'Close a month that is over, for ever: what comes later stands in the next one and says where it belongs',
    access: 'platform',
    answer: closePeriod.reply.meta({ id: 'ClosedPeriod' }),
    refuses: [...badBody, 409],
  })
  closePeriod(
    @Param({ schema: periodPath }) { period }: z.infer<typeof periodPath>,
    @Body({ schema: closing }) { closedBy }: z.infer<typeof closing>,
  ) {
    return ask(this.nats, closePeriod, { period, closedBy });
  }

  @Get('chain')
  @Operation({
    summary: 'The newest block of the hash chain over the book, and the head that was published last',
    access: 'platform',
    answer: chainAnswer,
  })
  getChain() {
    return ask(this.nats, chainState, {});
  }
}
