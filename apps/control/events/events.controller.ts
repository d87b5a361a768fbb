import type { IncomingHttpHeaders } from 'node:http';
import type { JetStreamClient } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { Body, Controller, Headers, Inject, Post, UseGuards } from '@nestjs/common';
import { ApiBearerAuth, ApiConsumes, ApiTags } from '@nestjs/swagger';
import { DataSource } from 'typeorm';
import { z } from 'zod';
import { name, sha256Hex } from '#contracts/cloud-event.js';
import { listPriceBooks } from '#contracts/requests/prices.js';
import { ask } from '#jetstream/ask.js';
import { JETSTREAM, NATS_CONNECTION } from '#jetstream/jetstream.module.js';
import { badBody, Operation } from '../openapi/operation.js';
import { readCloudEvents } from './read-cloud-events.js';
import { type Reporter, ReporterGuard, TheReporter } from './reporter.guard.js';
import { takeReports } from './take-reports.js';

const cloudEvent = z
  .looseObject({})
  .describe(
    'A CloudEvent 1.0 of type tollgate.usage-report.v1: docs/events.md has its fields. In binary mode, its data.',
  )
  .meta({ id: 'UsageReport' });
// What is wrong is told event by event: see take-reports.ts.
const cloudEvents = z.union([cloudEvent, z.array(z.union([cloudEvent, z.unknown()]))]);

const taken = z
  .object({
    accepted: z.int().describe('Events that are new.'),
    repeated: z.int().describe('Events that were taken before, with this very payload.'),
    events: z.array(
      z.object({
        source: name(256),
        id: name(256),
        eventId: sha256Hex.describe('Its id on the log, in the ledger and in the proofs of invoices.'),
        outcome: z.enum(['accepted', 'repeated']),
      }),
    ),
  })
  .meta({ id: 'TakenEvents' });

@ApiTags('events')
@Controller('api/events')
export class EventsController {
  constructor(
    @Inject(NATS_CONNECTION) private readonly nats: NatsConnection,
    @Inject(JETSTREAM) private readonly jetstream: JetStreamClient,
    @Inject(DataSource) private readonly source: DataSource,
  ) {}

  @Post()
  @UseGuards(ReporterGuard)
  @ApiBearerAuth()
  @ApiConsumes('application/cloudevents+json', 'application/cloudevents-batch+json', 'application/json')
  @Operation({
    summary: 'Report usage of relays that are not ours, as CloudEvents: one or a batch, all or nothing',
    access: 'reporter',
    answer: taken,
    refuses: [...badBody, 403, 409],
    recorded: 'itself',
  })
  async reportUsage(
    @Headers() headers: IncomingHttpHeaders,
    @Body({ schema: cloudEvents }) body: z.infer<typeof cloudEvents>,
    @TheReporter() reporter: Reporter,
  ): Promise<z.infer<typeof taken>> {
    const ports = {
      source: this.source,
      jetstream: this.jetstream,
      listPriceBooks: () => ask(this.nats, listPriceBooks, {}),
    };
    const events = await takeReports(ports, reporter, readCloudEvents(headers, body));
    const accepted = events.filter(({ outcome }) => outcome === 'accepted').length;
    return { accepted, repeated: events.length - accepted, events };
  }
}
