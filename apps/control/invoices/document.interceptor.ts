import {
  applyDecorators,
  type CallHandler,
  type ExecutionContext,
  Inject,
  Injectable,
  type NestInterceptor,
  SetMetadata,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { ApiExtension } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { concatMap, type Observable } from 'rxjs';
import { toCsv } from '../lists/csv.js';
import { csvColumnsExtension, pdfExtension } from '../openapi/operation.js';
import { type InvoiceDocument, lineColumns } from './fields.js';
import { renderInvoice } from './render-invoice.js';

const DOCUMENT = 'control.document';

/** The answer is an invoice with its lines: it can be had as PDF, and its lines as CSV. */
export const AsDocument = () =>
  applyDecorators(
    SetMetadata(DOCUMENT, true),
    ApiExtension(csvColumnsExtension, lineColumns),
    ApiExtension(pdfExtension, true),
  );

export const documentFormats = ['json', 'csv', 'pdf'] as const;
type DocumentFormat = (typeof documentFormats)[number];

/** Renders an invoice for who asks for it by extension, by `?format=` or by an `accept` header, in this order. */
@Injectable()
export class DocumentInterceptor implements NestInterceptor<InvoiceDocument, unknown> {
  constructor(@Inject(Reflector) private readonly reflector: Reflector) {}

  intercept(context: ExecutionContext, next: CallHandler<InvoiceDocument>): Observable<unknown> {
    const isDocument = this.reflector.get<boolean | undefined>(DOCUMENT, context.getHandler()) === true;
    if (!isDocument) return next.handle();
    const http = context.switchToHttp();
    const reply = http.getResponse<FastifyReply>();
    reply.header('vary', 'accept');
    const format = formatOf(http.getRequest<FastifyRequest>());
    if (format === 'json') return next.handle();
    return next.handle().pipe(
      concatMap(async (document) => {
        const name = `${document.number ?? `draft-${document.id}`}.${format}`;
        // Rendered first: a refusal is no PDF.
        const pdf = format === 'pdf' ? await renderInvoice(document) : undefined;
        reply.header('content-disposition', `inline; filename="${name}"`);
        if (pdf !== undefined) {
          reply.type('application/pdf');
          return pdf;
        }
        reply.type('text/csv; charset=utf-8; header=present');
        return toCsv(document.lines, lineColumns);
      }),
    );
  }
}

function formatOf(request: FastifyRequest): DocumentFormat {
  const { invoice = '' } = request.params as { invoice?: string };
  const { format } = request.query as { format?: DocumentFormat };
  const extension = documentFormats.find((one) => invoice.endsWith(`.${one}`));
  const accept = request.headers.accept ?? '';
  const accepted = accept.includes('json') ? 'json' : documentFormats.find((one) => accept.includes(one));
  return extension ?? format ?? accepted ?? 'json';
}
