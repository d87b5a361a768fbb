import { Controller, Get, Inject, Post, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { anthropicMessages } from './anthropic-messages.js';
import { answerRequest } from './answer-request.js';
import { listAnthropicModels, listOpenaiModels } from './models.js';
import { openaiChat } from './openai-chat.js';
import type { Protocol } from './protocol.js';
import { readRecordedBody } from './recorded-body.js';
import { sendResponse } from './send-response.js';

/** The folder of recorded bodies, or undefined. */
export const BODIES_FOLDER = Symbol('BODIES_FOLDER');

@Controller('v1')
export class SandboxController {
  constructor(@Inject(BODIES_FOLDER) private readonly folder: string | undefined) {}

  @Post('chat/completions')
  chatCompletions(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    return this.#answer(openaiChat, request, reply);
  }

  @Post('messages')
  messages(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    return this.#answer(anthropicMessages, request, reply);
  }

  /** Both providers list their models at the same path; only Anthropic's clients send a version. */
  @Get('models')
  models(@Req() request: FastifyRequest) {
    return request.headers['anthropic-version'] === undefined ? listOpenaiModels() : listAnthropicModels();
  }

  async #answer(protocol: Protocol, request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const body = request.body instanceof Uint8Array ? request.body : new Uint8Array();
    const header = request.headers['x-sandbox'];
    const response = await answerRequest(protocol, body, Array.isArray(header) ? header.join(',') : header, (name) =>
      readRecordedBody(this.folder, name),
    );
    await sendResponse(reply, response);
  }
}
