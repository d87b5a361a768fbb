import type { NatsConnection } from '@nats-io/transport-node';
import { Body, Controller, Headers, Inject, Param, Post } from '@nestjs/common';
import { ApiHeader, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { amount, currency } from '#contracts/cloud-event.js';
import { topUp } from '#contracts/requests/wallets.js';
import { ask } from '#jetstream/ask.js';
import { NATS_CONNECTION } from '#jetstream/jetstream.module.js';
import { ApiError } from '../errors/api-error.js';
import { badBody, Operation } from '../openapi/operation.js';
import { type OrganisationPath, organisationPath } from '../organisations/fields.js';

const newTopUp = z
  .strictObject({
    currency,
    amount: amount.refine((text) => /[1-9]/.test(text) && !text.startsWith('-'), 'must be more than 0'),
  })
  .meta({ id: 'NewTopUp' });
const topUpAnswer = topUp.reply.meta({ id: 'TopUp' });

const idempotencyKey = /^[\x21-\x7e]{1,128}$/;

@ApiTags('ledger')
@Controller('v1/organisations/:org/wallet')
export class WalletController {
  constructor(@Inject(NATS_CONNECTION) private readonly nats: NatsConnection) {}

  /** The platform's alone: a top-up says that money came in, which the organisation cannot say of itself. */
  @Post('top-ups')
  @Operation({
    summary: "Credit an organisation's wallet, once per idempotency key",
    access: 'platform',
    status: 201,
    answer: topUpAnswer,
    refuses: [...badBody, 404, 409],
  })
  @ApiHeader({
    name: 'idempotency-key',
    required: true,
    description:
      'The same key again changes nothing and answers with `repeated: true`; with another amount it is a 409.',
    schema: { type: 'string', pattern: idempotencyKey.source },
  })
  topUpWallet(
    @Param({ schema: organisationPath }) { org }: OrganisationPath,
    @Headers('idempotency-key') key: string | undefined,
    @Body({ schema: newTopUp }) { currency, amount }: z.infer<typeof newTopUp>,
  ) {
    if (key === undefined || !idempotencyKey.test(key)) {
      throw new ApiError(
        400,
        'idempotency_key_required',
        'Send a header "idempotency-key" of 1 to 128 visible ASCII characters: the same key again changes nothing.',
        { param: 'idempotency-key' },
      );
    }
    return ask(this.nats, topUp, { orgId: org, currency, amount, idempotencyKey: key });
  }
}
