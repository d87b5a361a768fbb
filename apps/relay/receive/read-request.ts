import type { IncomingHttpHeaders } from 'node:http';
import { Refusal } from '#protocols/error-body.js';
import { type JsonObject, parseObject } from '#usage/json.js';

/** What the relay has to know of a request. The body goes upstream as it came. */
export interface ModelRequest {
  readonly model: string;
  readonly body: Buffer;
  readonly json: JsonObject;
}

const MAX_MODEL_CHARACTERS = 256;

export function checkContentType(headers: IncomingHttpHeaders): Refusal | undefined {
  const type = headers['content-type'] ?? '';
  if (!/^application\/json\s*(;|$)/i.test(type)) {
    const given = type === '' ? 'missing' : `"${type.slice(0, 60)}"`;
    return new Refusal('unsupported_media_type', `The content-type is ${given}: send application/json.`);
  }
  const encoding = headers['content-encoding'] ?? 'identity';
  if (encoding === 'identity') return undefined;
  // A small compressed body may be gigabytes.
  return new Refusal('unsupported_media_type', `The body is compressed (${encoding.slice(0, 60)}): send it as it is.`);
}

export function readModelRequest(body: Buffer): ModelRequest | Refusal {
  const json = parseObject(body);
  if (json === undefined) return new Refusal('invalid_request', 'The request body is not a JSON object.');
  const { model } = json;
  if (typeof model !== 'string' || model === '') {
    return new Refusal(
      'invalid_request',
      'The request names no model: set "model" to one that GET /v1/models lists.',
      'model',
    );
  }
  if (model.length > MAX_MODEL_CHARACTERS) {
    return new Refusal(
      'invalid_request',
      `The model's name is longer than ${MAX_MODEL_CHARACTERS} characters.`,
      'model',
    );
  }
  return { model, body, json };
}
