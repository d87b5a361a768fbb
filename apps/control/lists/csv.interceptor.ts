import {
  type CallHandler,
  type ExecutionContext,
  Inject,
  Injectable,
  type NestInterceptor,
  SetMetadata,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { map, type Observable } from 'rxjs';
import { z } from 'zod';
import { toCsv } from './csv.js';
import type { List } from './list.js';

const CSV_COLUMNS = 'control.csv-columns';

/** The list can be had as CSV too, with these columns. */
export const CsvColumns = (columns: readonly string[]) => SetMetadata(CSV_COLUMNS, columns);

export const format = z
  .enum(['json', 'csv'])
  .exactOptional()
  .describe('Instead of an `accept` header; it wins where both are given.');

/** Turns the `data` of a list into CSV for who asks for it. What the page leaves out is in the header `x-next-cursor`. */
@Injectable()
export class CsvInterceptor implements NestInterceptor<List<object>, unknown> {
  constructor(@Inject(Reflector) private readonly reflector: Reflector) {}

  intercept(context: ExecutionContext, next: CallHandler<List<object>>): Observable<unknown> {
    const columns = this.reflector.get<readonly string[] | undefined>(CSV_COLUMNS, context.getHandler());
    if (columns === undefined) return next.handle();
    const http = context.switchToHttp();
    const reply = http.getResponse<FastifyReply>();
    reply.header('vary', 'accept');
    if (!wantsCsv(http.getRequest<FastifyRequest>())) return next.handle();
    return next.handle().pipe(
      map((page) => {
        if (page.next_cursor !== undefined) reply.header('x-next-cursor', page.next_cursor);
        reply.type('text/csv; charset=utf-8; header=present');
        return toCsv(page.data, columns);
      }),
    );
  }
}

function wantsCsv(request: FastifyRequest): boolean {
  const { format } = request.query as { format?: string };
  const accept = request.headers.accept ?? '';
  return format === undefined ? accept.includes('text/csv') && !accept.includes('json') : format === 'csv';
}
