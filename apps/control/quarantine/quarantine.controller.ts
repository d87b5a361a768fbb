import { type JetStreamClient } from '@nats-io/jetstream';
import { Controller, Get, Inject, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { count, identifier } from '#contracts/cloud-event.js';
import { quarantined } from '#contracts/quarantine.js';
import { JETSTREAM } from '#jetstream/jetstream.module.js';
import { type Caller, inView, TheCaller } from '../access/caller.js';
import { ApiError } from '../errors/api-error.js';
import { list, listOf, pageQuery } from '../lists/list.js';
import { Operation } from '../openapi/operation.js';
import { type QuarantinePage, readQuarantine } from './read-quarantine.js';

const { org: _, ...fields } = quarantined.shape;
const shownItem = z
  .object({ sequence: count, organisationId: identifier.exactOptional(), ...fields })
  .meta({ id: 'Quarantined' });

const quarantineQuery = pageQuery.extend({
  organisationId: identifier.exactOptional(),
  limit: z.coerce.number().int().min(1).max(100).default(50),
  after: z
    .string()
    .regex(/^\d{1,15}$/, 'is the `next_cursor` of the page before')
    .exactOptional(),
});

@ApiTags('quarantine')
@Controller('v1/quarantine')
export class QuarantineController {
  constructor(@Inject(JETSTREAM) private readonly jetstream: JetStreamClient) {}

  @Get()
  @Operation({
    summary: 'What could not be processed and why, newest first',
    access: 'any-token',
    answer: listOf(shownItem),
    refuses: [400, 404],
  })
  async listQuarantine(
    @Query({ schema: quarantineQuery }) { organisationId, after, limit }: z.infer<typeof quarantineQuery>,
    @TheCaller() caller: Caller,
  ) {
    const question = { ...inView(caller, organisationId), limit, ...(after === undefined ? {} : { before: +after }) };
    const { items, before } = await this.#read(question);
    const shown = items.map(({ org, ...item }) => (org === undefined ? item : { organisationId: org, ...item }));
    return list(shown, before?.toString());
  }

  async #read(question: Parameters<typeof readQuarantine>[1]): Promise<QuarantinePage> {
    try {
      return await readQuarantine(await this.jetstream.jetstreamManager(), question);
    } catch (error) {
      throw new ApiError(503, 'unavailable', 'The quarantine cannot be read at the moment. Try again.', {
        cause: error,
        retryAfterSeconds: 2,
      });
    }
  }
}
