import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { Refusal } from '#protocols/error-body.js';
import { asObject, type JsonObject, objectsIn, parseObject } from '#usage/json.js';
import type { FoundOperation } from '../operations/find-operation.js';
import type { Operation } from '../operations/operations.js';
import type { BodyMemory } from './body-memory.js';
import { formFields } from './form-fields.js';
import { refuseTwoReadings } from './one-reading.js';
import { readBody } from './read-body.js';

/** What the relay has to know of a call of a model. Its body goes upstream as it came. */
export interface ModelCall {
  readonly operation: Operation;
  /** By the client's name for it. */
  readonly model: string;
  /** Its body names none: its path does, or it is the usual one. */
  readonly unnamed: boolean;
  readonly stream: boolean;
  readonly body: Buffer;
  /** Absent for a form. */
  readonly json?: JsonObject | undefined;
}

const MAX_MODEL_CHARACTERS = 256;

/** In which Google's countTokens may hold a whole request. */
export const REQUEST_TO_COUNT = ['generateContentRequest', 'generate_content_request'] as const;

/** @returns undefined when the client left before the end. */
export function receiveBody(
  operation: Operation,
  request: IncomingMessage,
  memory: BodyMemory,
): Promise<Buffer | Refusal | undefined> | Refusal {
  return refuseContentType(operation, request.headers) ?? readBody(request, memory);
}

export function readCall(found: FoundOperation, { headers }: IncomingMessage, body: Buffer): ModelCall | Refusal {
  const type = headers['content-type'] ?? '';
  return JSON_TYPE.test(type) ? readJsonCall(found, body) : readFormCall(found, body, type);
}

const JSON_TYPE = /^application\/json\s*(;|$)/i;
const FORM_TYPE = /^multipart\/form-data\s*;/i;
/** JSON is UTF-8 (RFC 8259, 8.1), and is read so here: in UTF-7 an upstream would read other members. */
const OTHER_CHARSET = /;\s*charset\s*=(?!\s*"?utf-?8\b)/i;

function refuseContentType(operation: Operation, headers: IncomingHttpHeaders): Refusal | undefined {
  const type = headers['content-type'] ?? '';
  const takesJson = operation.body !== 'multipart';
  const takesForm = operation.body !== 'json';
  const isJson = JSON_TYPE.test(type) && !OTHER_CHARSET.test(type);
  if (!((takesJson && isJson) || (takesForm && FORM_TYPE.test(type)))) {
    const given = type === '' ? 'missing' : `"${type.slice(0, 60)}"`;
    const wanted = [takesJson && 'application/json', takesForm && 'multipart/form-data'].filter(Boolean).join(' or ');
    return new Refusal('unsupported_media_type', `The content-type is ${given}: send ${wanted}.`);
  }
  const encoding = headers['content-encoding'] ?? 'identity';
  if (encoding === 'identity') return undefined;
  // A small compressed body may be gigabytes.
  return new Refusal('unsupported_media_type', `The body is compressed (${encoding.slice(0, 60)}): send it as it is.`);
}

function readJsonCall({ operation, model: inPath }: FoundOperation, body: Buffer): ModelCall | Refusal {
  const json = parseObject(body);
  if (json === undefined) return new Refusal('invalid_request', 'The request body is not a JSON object.');
  const unclear =
    refuseTwoReadings(body, json) ??
    refuseStream(operation, json['stream']) ??
    refuseBackground(operation, json['background']) ??
    refuseOtherModels(operation, inPath, json);
  if (unclear !== undefined) return unclear;
  const model = calledModel(operation, inPath, json['model']);
  if (model instanceof Refusal) return model;
  const unnamed = typeof json['model'] !== 'string';
  return { operation, model, unnamed, stream: isStream(operation, json['stream'] === true), body, json };
}

function readFormCall({ operation, model: inPath }: FoundOperation, body: Buffer, type: string): ModelCall | Refusal {
  const fields = formFields(body, type, ['model', 'stream']);
  if (fields instanceof Refusal) return fields;
  const model = calledModel(operation, inPath, fields.model);
  if (model instanceof Refusal) return model;
  const unnamed = fields.model === undefined;
  return { operation, model, unnamed, stream: isStream(operation, fields.stream === 'true'), body, json: undefined };
}

/** Lenient upstreams take 1 and "true" for true, and would stream without having been asked for the usage. */
function refuseStream({ stream }: Operation, asked: unknown): Refusal | undefined {
  if (stream !== 'member' || asked === undefined || asked === null || typeof asked === 'boolean') return undefined;
  return new Refusal('invalid_request', 'The member "stream" is neither true nor false.', 'stream');
}

/** It is answered before it is generated, and what it used is told to whoever fetches it: nothing here does. */
function refuseBackground({ name }: Operation, asked: unknown): Refusal | undefined {
  if (name !== 'responses' || asked === undefined || asked === null || asked === false) return undefined;
  const why = 'Responses in the background are not served here: leave "background" out, and stream what takes long.';
  return new Refusal('invalid_request', why, 'background');
}

function isStream({ stream }: Operation, asked: boolean): boolean {
  return stream === 'always' || (stream === 'member' && asked);
}

/** Google's bodies of several requests, or of one to count, name the model of their path in these too. */
function refuseOtherModels({ protocol }: Operation, inPath: string | undefined, json: JsonObject): Refusal | undefined {
  if (protocol !== 'gemini') return undefined;
  const inside = [...objectsIn(json['requests']), ...REQUEST_TO_COUNT.map((member) => asObject(json[member]) ?? {})];
  const isOther = inside.some(({ model }) => model !== undefined && resourceName(model) !== inPath);
  return isOther ? wrongModel('A request in the body names another model than the path: name one.') : undefined;
}

function resourceName(model: unknown): unknown {
  return typeof model === 'string' ? model.replace(/^models\//, '') : model;
}

function calledModel(operation: Operation, inPath: string | undefined, inBody: unknown): string | Refusal {
  // Google's bodies name the model of their path as a resource, where they name it at all.
  const named = operation.protocol === 'gemini' ? resourceName(inBody) : inBody;
  if (inPath !== undefined && named !== undefined && named !== inPath) {
    return wrongModel('The path and the body name two models: name one.');
  }
  const model = inPath ?? named ?? operation.usualModel;
  if (typeof model !== 'string' || model === '') {
    return wrongModel('The request names no model: set "model" to one that GET /v1/models lists.');
  }
  if (model.length > MAX_MODEL_CHARACTERS) {
    return wrongModel(`The model's name is longer than ${MAX_MODEL_CHARACTERS} characters.`);
  }
  return model;
}

function wrongModel(why: string): Refusal {
  return new Refusal('invalid_request', why, 'model');
}
