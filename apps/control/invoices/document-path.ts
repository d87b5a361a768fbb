import { z } from 'zod';
import { identifier } from '#contracts/cloud-event.js';

export const documentFormats = ['json', 'csv', 'pdf'] as const;
export type DocumentFormat = (typeof documentFormats)[number];

/** An id in a path, maybe with the format behind it. */
export const documentName = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,64}(\.(json|csv|pdf))?$/)
  .describe('Its id, with `.pdf`, `.csv` or `.json` behind it where a header cannot be sent.');

export const documentQuery = z.strictObject({
  format: z
    .enum(documentFormats)
    .exactOptional()
    .describe('Instead of an `accept` header; it wins where both are given.'),
});

export const documentId = (name: string) => identifier.parse(name.replace(/\.(json|csv|pdf)$/, ''));
