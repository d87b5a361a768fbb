import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException, Logger } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { uuidv7 } from 'uuidv7';
import { Refusal } from '#protocols/error-body.js';
import { apiOfPath, sendRefusal } from './send-refusal.js';

/** What no route took leaves in the shape of the protocol whose path it looks like. */
@Catch()
export class RefusalFilter implements ExceptionFilter {
  readonly #log = new Logger(RefusalFilter.name);

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const { method, url } = http.getRequest<FastifyRequest>();
    const reply = http.getResponse<FastifyReply>();
    const path = url.split('?', 1)[0] ?? '';
    reply.hijack();
    sendRefusal(reply.raw, apiOfPath(path), this.#refusalOf(error, `${method} ${path.slice(0, 100)}`), uuidv7());
  }

  #refusalOf(error: unknown, asked: string): Refusal {
    if (error instanceof HttpException && error.getStatus() === 404) {
      return new Refusal(
        'not_found',
        `${asked} is not served here: POST /v1/chat/completions, POST /v1/messages and GET /v1/models are.`,
      );
    }
    if (error instanceof HttpException && error.getStatus() < 500) return new Refusal('invalid_request', error.message);
    this.#log.error(`${asked} failed inside the relay.`, error);
    return new Refusal('internal', 'The relay failed: try again.');
  }
}
