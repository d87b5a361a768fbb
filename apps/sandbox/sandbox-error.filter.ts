import { Catch, HttpException, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { anthropicMessages } from './anthropic-messages.js';
import { errorResponse } from './answer-request.js';
import { openaiChat } from './openai-chat.js';
import { SandboxError } from './sandbox-error.js';
import { sendResponse } from './send-response.js';

/** Every error leaves in the shape of the protocol whose path was called; a fault of the sandbox's own is a 500 that says so. */
@Catch()
export class SandboxErrorFilter implements ExceptionFilter {
  async catch(error: unknown, host: ArgumentsHost): Promise<void> {
    const http = host.switchToHttp();
    const protocol = http.getRequest<FastifyRequest>().url.startsWith('/v1/messages') ? anthropicMessages : openaiChat;
    await sendResponse(http.getResponse<FastifyReply>(), errorResponse(protocol, sandboxError(error)));
  }
}

function sandboxError(error: unknown): SandboxError {
  if (error instanceof SandboxError) return error;
  if (error instanceof HttpException) {
    const status = error.getStatus();
    return new SandboxError(status, error.message, status === 404 ? { code: 'unknown_url' } : {});
  }
  return new SandboxError(500, `The sandbox failed: ${error instanceof Error ? error.message : String(error)}`);
}
