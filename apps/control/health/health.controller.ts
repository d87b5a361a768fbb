import type { NatsConnection } from '@nats-io/transport-node';
import { Controller, Get, Inject } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { DataSource } from 'typeorm';
import { z } from 'zod';
import { chainState } from '#contracts/requests/accounting.js';
import { ask } from '#jetstream/ask.js';
import { NATS_CONNECTION } from '#jetstream/jetstream.module.js';
import { RequestFailure } from '#jetstream/request-failure.js';
import { ChannelDirectory } from '../channels/channel-directory.js';
import { ApiError } from '../errors/api-error.js';
import { KeyDirectory } from '../keys/key-directory.js';
import { Operation } from '../openapi/operation.js';

const ledgerTimeoutMs = 500;
const health = z.object({ status: z.literal('ok') }).meta({ id: 'Health' });

@ApiTags('health')
@Controller()
export class HealthController {
  constructor(
    @Inject(DataSource) private readonly source: DataSource,
    @Inject(NATS_CONNECTION) private readonly nats: NatsConnection,
    @Inject(KeyDirectory) private readonly directory: KeyDirectory,
    @Inject(ChannelDirectory) private readonly channels: ChannelDirectory,
  ) {}

  @Get('healthz')
  @Operation({ summary: 'Whether the process lives', access: 'everyone', answer: health })
  getHealth() {
    return { status: 'ok' };
  }

  @Get('readyz')
  @Operation({
    summary:
      'Whether it can serve: its database and NATS answer, the relays know every key and channel, and the book was not rewritten',
    access: 'everyone',
    answer: health,
    refuses: [503],
  })
  async getReadiness() {
    await this.source.query('SELECT 1');
    try {
      await this.nats.rtt();
    } catch (error) {
      throw notReady('NATS does not answer', error);
    }
    if (!this.directory.inSync) throw notReady('the relays have not been told of every key yet');
    if (!this.channels.inSync) throw notReady('the relays have not been told of every channel yet');
    const rewritten = await this.#rewrittenBook();
    if (rewritten !== undefined) throw notReady(rewritten.replace(/\.$/, ''));
    return { status: 'ok' };
  }

  /** What the ledger says against its own chain. That it is away is no failure of this app. */
  async #rewrittenBook(): Promise<string | undefined> {
    try {
      return (await ask(this.nats, chainState, {}, { timeoutMs: ledgerTimeoutMs })).conflict;
    } catch (error) {
      if (error instanceof RequestFailure && error.code === 'unavailable') return undefined;
      throw error;
    }
  }
}

function notReady(why: string, cause?: unknown): ApiError {
  return new ApiError(503, 'not_ready', `Not ready: ${why}.`, { cause, retryAfterSeconds: 2 });
}
