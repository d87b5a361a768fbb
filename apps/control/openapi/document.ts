import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { z } from 'zod';
import { amount, currency, identifier, instant } from '#contracts/cloud-event.js';
import { chargeLine } from '#contracts/charge.js';
import { priceBook, tariff } from '#contracts/price-book.js';
import { ledgerEntry } from '#contracts/requests/ledger.js';
import { csvColumnsExtension, pdfExtension } from './operation.js';

// Names for the parts of the contracts that the document refers to. Those of this app carry theirs themselves.
const names: readonly [z.ZodType, { id: string; description?: string }][] = [
  [identifier, { id: 'Identifier' }],
  [instant, { id: 'Instant', description: 'RFC 3339, in UTC.' }],
  [amount, { id: 'Amount', description: 'Main units of the currency, as a decimal string: exact to 12 decimals.' }],
  [currency, { id: 'Currency', description: 'ISO 4217.' }],
  [chargeLine, { id: 'ChargeLine' }],
  [priceBook, { id: 'PriceBook' }],
  [tariff, { id: 'Tariff' }],
  [ledgerEntry, { id: 'LedgerEntry' }],
];
for (const [schema, meta] of names) z.globalRegistry.add(schema, meta);

const description = `
Organisations, teams, projects and keys; spend; the ledger; reconciliation. Amounts are decimal strings, times are UTC.

Lists are pages: \`data\`, \`has_more\`, and \`next_cursor\`, which is the \`after\` of the next page. Where an operation
names CSV columns, \`accept: text/csv\` or \`?format=csv\` gives the page's data as CSV, and the cursor in the header
\`x-next-cursor\`. Every error has the shape of the schema \`Error\`.
`;

/** OpenAPI 3.1. Every schema is the one that input is validated with and answers are held to. */
export function createDocument(app: INestApplication): OpenAPIObject {
  const config = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle('Tollgate')
    .setDescription(description.trim())
    .setVersion('1')
    .setLicense('Apache-2.0', 'https://www.apache.org/licenses/LICENSE-2.0')
    .addServer('/')
    .addSecurity('bearer', { type: 'http', scheme: 'bearer', description: 'An admin token.' })
    .addSecurity('stripe', {
      type: 'apiKey',
      in: 'header',
      name: 'stripe-signature',
      description: "Stripe's signature over the body.",
    })
    .addSecurity('standard-webhooks', {
      type: 'apiKey',
      in: 'header',
      name: 'webhook-signature',
      description: 'A signature by Standard Webhooks over webhook-id, webhook-timestamp and the body.',
    })
    .build();
  const document = SwaggerModule.createDocument(app, config, {
    operationIdFactory: (_controller, method) => method,
    standardSchemaConverter: (schema, { schemaType }) =>
      schema instanceof z.ZodType ? toJsonSchema(schema, schemaType) : undefined,
  });
  describeFormats(document);
  return document;
}

function toJsonSchema(schema: z.ZodType, io: 'input' | 'output') {
  const {
    $schema: _,
    $defs: components = {},
    ...converted
  } = z.toJSONSchema(schema, {
    io,
    override: ({ zodSchema, jsonSchema }) => {
      // Two spellings of one format: to a reader, one.
      if (zodSchema === instant) {
        delete jsonSchema.anyOf;
        Object.assign(jsonSchema, { type: 'string', format: 'date-time' });
      }
      // A client must bear fields that a later version adds.
      if (io === 'output' && jsonSchema.additionalProperties === false) delete jsonSchema.additionalProperties;
    },
  });
  return { schema: converted, components };
}

function describeFormats(document: OpenAPIObject): void {
  const formats = [
    { extension: csvColumnsExtension, type: 'text/csv', schema: { type: 'string' } },
    { extension: pdfExtension, type: 'application/pdf', schema: { type: 'string', format: 'binary' } },
  ];
  for (const { get } of Object.values(document.paths)) {
    const answer = get?.responses[200];
    if (get === undefined || answer === undefined || !('content' in answer)) continue;
    for (const { extension, type, schema } of formats) {
      if (extension in get) answer.content = { ...answer.content, [type]: { schema } };
    }
  }
}
