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
import { type DocumentFormat, documentFormats } from './document-path.js';
import type { Paper } from './paper.js';
import { renderPaper } from './render-paper.js';

const DOCUMENT = 'control.document';

/** How an answer becomes a file. */
interface DocumentForm<Document> {
  readonly paperOf: (document: Document) => Paper;
  /** Without the extension. */
  readonly fileName: (document: Document) => string;
  /** As CSV. */
  readonly rowsOf: (document: Document) => readonly object[];
  readonly columns: readonly string[];
}

/** The answer can be had as PDF, and its rows as CSV. */
export const AsDocument = <Document>(form: DocumentForm<Document>) =>
  applyDecorators(
    SetMetadata(DOCUMENT, form),
    ApiExtension(csvColumnsExtension, form.columns),
    ApiExtension(pdfExtension, true),
  );

/** Renders a document for who asks for it by extension, by `?format=` or by an `accept` header, in this order. */
@Injectable()
export class DocumentInterceptor implements NestInterceptor {
  constructor(@Inject(Reflector) private readonly reflector: Reflector) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const form = this.reflector.get<DocumentForm<unknown> | undefined>(DOCUMENT, context.getHandler());
    if (form === undefined) return next.handle();
    const http = context.switchToHttp();
    const reply = http.getResponse<FastifyReply>();
    reply.header('vary', 'accept');
    const format = formatOf(http.getRequest<FastifyRequest>());
    if (format === 'json') return next.handle();
    return next.handle().pipe(
      concatMap(async (document: unknown) => {
        const name = `${form.fileName(document)}.${format}`;
        // Rendered first: a refusal is no PDF.
        const pdf = format === 'pdf' ? await renderPaper(form.paperOf(document)) : undefined;
        reply.header('content-disposition', `inline; filename="${name}"`);
        if (pdf !== undefined) {
          reply.type('application/pdf');
          return pdf;
        }
        reply.type('text/csv; charset=utf-8; header=present');
        return toCsv(form.rowsOf(document), form.columns);
      }),
    );
  }
}

function formatOf(request: FastifyRequest): DocumentFormat {
  // No other parameter has a dot in it.
  const names = Object.values(request.params as Record<string, string>);
  const { format } = request.query as { format?: DocumentFormat };
  const extension = documentFormats.find((one) => names.some((name) => name.endsWith(`.${one}`)));
  const accept = request.headers.accept ?? '';
  const accepted = accept.includes('json') ? 'json' : documentFormats.find((one) => accept.includes(one));
  return extension ?? format ?? accepted ?? 'json';
}
