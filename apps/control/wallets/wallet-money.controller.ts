import type { NatsConnection } from '@nats-io/transport-node';
import { Body, Controller, Inject, Param, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { currency } from '#contracts/cloud-event.js';
import { refund, topUp, transfer } from '#contracts/requests/wallets.js';
import { ask } from '#jetstream/ask.js';
import { NATS_CONNECTION } from '#jetstream/jetstream.module.js';
import { badBody, Operation } from '../openapi/operation.js';
import { type OrganisationPath, organisationPath } from '../organisations/fields.js';
import { moved, wallet, walletPath, type WalletPath } from './fields.js';
import { IdempotencyKey, TakesIdempotencyKey } from './idempotency-key.js';

const newTopUp = z.strictObject({ currency, amount: moved }).meta({ id: 'NewTopUp' });
const newRefund = z.strictObject({ currency, amount: moved }).meta({ id: 'NewRefund' });
const newTransfer = z.strictObject({ from: wallet, to: wallet, currency, amount: moved }).meta({ id: 'NewTransfer' });
/** `balance` is the wallet's afterwards: of a transfer, that of the wallet that gave. */
const moneyMoved = topUp.reply.meta({ id: 'MoneyMoved' });

/**
 * Top-ups and refunds are the platform's alone: they say that money came in or went out, which an organisation cannot say
 * of itself.
 */
@ApiTags('wallets')
@Controller('v1/organisations/:org')
export class WalletMoneyController {
  constructor(@Inject(NATS_CONNECTION) private readonly nats: NatsConnection) {}

  @Post('wallet/top-ups')
  @Operation({
    summary: "Credit an organisation's default wallet, once per idempotency key",
    access: 'platform',
    status: 201,
    answer: moneyMoved,
    refuses: [...badBody, 404, 409],
  })
  @TakesIdempotencyKey()
  topUpDefaultWallet(
    @Param({ schema: organisationPath }) { org }: OrganisationPath,
    @IdempotencyKey() idempotencyKey: string,
    @Body({ schema: newTopUp }) paid: z.infer<typeof newTopUp>,
  ) {
    return ask(this.nats, topUp, { orgId: org, ...paid, idempotencyKey });
  }

  @Post('wallets/:wallet/top-ups')
  @Operation({
    summary: 'Credit a wallet, once per idempotency key',
    access: 'platform',
    status: 201,
    answer: moneyMoved,
    refuses: [...badBody, 404, 409],
  })
  @TakesIdempotencyKey()
  topUpWallet(
    @Param({ schema: walletPath }) { org, wallet }: WalletPath,
    @IdempotencyKey() idempotencyKey: string,
    @Body({ schema: newTopUp }) paid: z.infer<typeof newTopUp>,
  ) {
    return ask(this.nats, topUp, { orgId: org, wallet, ...paid, idempotencyKey });
  }

  @Post('wallets/:wallet/refunds')
  @Operation({
    summary: "Pay back a wallet's own money, never more than it has. Grants are not refundable",
    access: 'platform',
    status: 201,
    answer: moneyMoved,
    refuses: [...badBody, 404, 409],
  })
  @TakesIdempotencyKey()
  refundWallet(
    @Param({ schema: walletPath }) { org, wallet }: WalletPath,
    @IdempotencyKey() idempotencyKey: string,
    @Body({ schema: newRefund }) refunded: z.infer<typeof newRefund>,
  ) {
    return ask(this.nats, refund, { orgId: org, wallet, ...refunded, idempotencyKey });
  }

  @Post('wallet-transfers')
  @Operation({
    summary: "Move money between two of an organisation's wallets, never more than is there",
    access: 'organisation',
    status: 201,
    answer: moneyMoved,
    refuses: [...badBody, 409],
  })
  @TakesIdempotencyKey()
  transferMoney(
    @Param({ schema: organisationPath }) { org }: OrganisationPath,
    @IdempotencyKey() idempotencyKey: string,
    @Body({ schema: newTransfer }) transferred: z.infer<typeof newTransfer>,
  ) {
    return ask(this.nats, transfer, { orgId: org, ...transferred, idempotencyKey });
  }
}
