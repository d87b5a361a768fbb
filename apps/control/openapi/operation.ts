import { applyDecorators, HttpCode, SerializeOptions } from '@nestjs/common';
import { ApiBearerAuth, ApiExtension, ApiOperation, ApiResponse } from '@nestjs/swagger';
import type { z } from 'zod';
import { type Access, AllowAccess } from '../access/access.guard.js';
import { RecordsItself } from '../audit/audit.interceptor.js';
import { type ErrorStatus, errorBody } from '../errors/api-error.js';
import { CsvColumns } from '../lists/csv.interceptor.js';

interface OperationSpec {
  readonly summary: string;
  readonly access: Access;
  /** The answer's schema. Every answer is held to it on its way out, so the document cannot promise what is not so. */
  readonly answer: z.ZodType;
  /** 200 when left out. */
  readonly status?: 200 | 201;
  /** The errors that are this operation's own. Those of every operation need not be named. */
  readonly refuses?: readonly ErrorStatus[];
  /** The columns of the answer as CSV, where it can be had so. */
  readonly csv?: readonly string[];
  /** The operation writes what it changes into the audit log, or a log of its own, together with the change. */
  readonly recorded?: 'itself';
}

export const csvColumnsExtension = 'x-csv-columns';
/** Of an operation whose answer can be had as PDF. */
export const pdfExtension = 'x-pdf';

const errorMeanings: Record<ErrorStatus, string> = {
  400: 'A field, parameter or header is wrong: `param` names it.',
  401: 'The token is missing, unknown, expired or revoked, or the signature is not right.',
  403: "An organisation's token cannot do this, or a policy of the key forbids it.",
  404: 'It does not exist, or the token may not see it.',
  405: 'This method is not for this path.',
  408: 'The request did not arrive in time.',
  409: 'It contradicts what is there.',
  413: 'The body is too large.',
  414: 'The path is too long.',
  415: 'The body is not JSON.',
  431: 'The headers are too large.',
  500: 'A fault of ours. It has been logged.',
  503: 'Something needed is away at the moment: try again after `retry-after` seconds.',
};

/** What any operation with a body may refuse. */
export const badBody = [400, 413, 415] as const satisfies readonly ErrorStatus[];

/** A route's access, answer and place in the OpenAPI document, said once. */
export function Operation({ summary, access, answer, status = 200, refuses = [], csv, recorded }: OperationSpec) {
  const always: readonly ErrorStatus[] = access === 'everyone' ? [500] : [401, 500, 503];
  const scoped: readonly ErrorStatus[] = access === 'platform' ? [403] : access === 'organisation' ? [404] : [];
  const errors = [...new Set([...refuses, ...always, ...scoped])].toSorted();
  return applyDecorators(
    AllowAccess(access),
    HttpCode(status),
    SerializeOptions({ schema: answer }),
    ApiOperation({ summary, ...(access === 'everyone' ? { security: [] } : {}) }),
    ApiResponse({ status, description: 'The answer.', standardSchema: answer }),
    ...errors.map((error) =>
      ApiResponse({ status: error, description: errorMeanings[error], standardSchema: errorBody }),
    ),
    ...(access === 'everyone' || access === 'signed' || access === 'reporter' ? [] : [ApiBearerAuth()]),
    ...(recorded === undefined ? [] : [RecordsItself()]),
    ...(csv === undefined ? [] : [CsvColumns(csv), ApiExtension(csvColumnsExtension, csv)]),
  );
}
