import { z } from 'zod';
import { name, text } from '#contracts/cloud-event.js';
import { Refusal } from '#protocols/error-body.js';
import { asObject, type JsonObject, parseJson } from '#usage/json.js';

/** What a request says of itself: never who calls or who pays. */
export type Metadata = ReadonlyMap<string, string>;

export const METADATA_HEADER = 'x-tollgate-metadata';

/** As OpenAI bounds the `metadata` of a request. */
const headerMetadata = z
  .record(name(64), text(512))
  .refine((metadata) => Object.keys(metadata).length <= 16, 'at most 16 entries');

/** The header serves every protocol; OpenAI's `metadata` member and Anthropic's count too. The header wins. */
export function readMetadata(
  header: string | readonly string[] | undefined,
  body: JsonObject | undefined,
): Metadata | Refusal {
  if (header === undefined && body?.['metadata'] === undefined) return NONE;
  const metadata = new Map<string, string>();
  for (const [key, value] of Object.entries(asObject(body?.['metadata']) ?? {})) {
    if (typeof value === 'string') metadata.set(key, value);
  }
  if (header === undefined) return metadata;
  const said = headerMetadata.safeParse(parseJson(Buffer.from(String(header))));
  if (!said.success) {
    return new Refusal(
      'invalid_request',
      `The header ${METADATA_HEADER} is not a JSON object of at most 16 texts: send one such as {"cost-centre":"4711"}.`,
      METADATA_HEADER,
    );
  }
  for (const [key, value] of Object.entries(said.data)) metadata.set(key, value);
  return metadata;
}

const NONE: Metadata = new Map();
