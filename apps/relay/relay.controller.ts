import { Controller, Get, HttpStatus, Inject, Post, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { uuidv7 } from 'uuidv7';
import type { Api } from '#protocols/api.js';
import { Refusal } from '#protocols/error-body.js';
import { ChannelTable } from './channels/channel-table.js';
import { listModels } from './channels/list-models.js';
import { Journal } from './journal/journal.js';
import { sendRefusal } from './receive/send-refusal.js';
import { RelayRequest } from './relay-request.js';
import { Snapshots } from './snapshots/snapshots.js';

/** The paths that the SDKs call. Their base URL ends in /v1 or not: both work. */
@Controller(['v1', '/'])
export class RelayController {
  constructor(
    @Inject(RelayRequest) private readonly requests: RelayRequest,
    @Inject(ChannelTable) private readonly channels: ChannelTable,
  ) {}

  @Post('chat/completions')
  chatCompletions(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    reply.hijack();
    return this.requests.relay('openai-chat', { request: request.raw, response: reply.raw });
  }

  @Post('messages')
  messages(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    reply.hijack();
    return this.requests.relay('anthropic-messages', { request: request.raw, response: reply.raw });
  }

  /** Both providers list their models at the same path; only Anthropic's clients send a version. */
  @Get('models')
  models(@Req() request: FastifyRequest, @Res() reply: FastifyReply): void {
    const api: Api = request.headers['anthropic-version'] === undefined ? 'openai-chat' : 'anthropic-messages';
    const requestId = uuidv7();
    const caller = this.requests.authenticate(request.headers);
    if (caller instanceof Refusal) {
      reply.hijack();
      sendRefusal(reply.raw, api, caller, requestId);
    } else {
      void reply.header('x-request-id', requestId).send(listModels(api, this.channels.models(api)));
    }
  }
}

@Controller()
export class HealthController {
  constructor(
    @Inject(Snapshots) private readonly snapshots: Snapshots,
    @Inject(Journal) private readonly journal: Journal,
  ) {}

  @Get('healthz')
  live() {
    return { status: 'ok' };
  }

  @Get('readyz')
  ready(@Res() reply: FastifyReply): void {
    const checks = { snapshots: this.snapshots.isLoaded, journal: this.journal.hasRoom() };
    const ready = Object.values(checks).every(Boolean);
    void reply
      .status(ready ? HttpStatus.OK : HttpStatus.SERVICE_UNAVAILABLE)
      .send({ status: ready ? 'ok' : 'not ready', checks });
  }
}
