import { Refusal } from '#protocols/error-body.js';

/** More parts than any form of these APIs has, and longer headers than any client writes. */
const MAX_PARTS = 200;
const MAX_HEADER_BYTES = 8 * 1024;
const MAX_VALUE_BYTES = 1024;

const BOUNDARY = /^multipart\/form-data\s*;(?:[^"]*;)?\s*boundary=(?:"([^"]{1,70})"|([^\s;"]{1,70}))\s*(?:;|$)/i;
const HEADERS_END = Buffer.from('\r\n\r\n');
const PARAMETER = /;[ \t]*([\w*-]+)=(?:"((?:[^"\\\r\n]|\\.)*)"|([^\s;"]+))/gy;

/**
 * The text of some fields of a form (RFC 7578); its bytes stay as they are. It is strict, for an upstream that reads the
 * same bytes otherwise would be asked for another model than the one that was permitted: what is unusual is refused.
 * @returns the fields that are there.
 */
export function formFields<Name extends string>(
  body: Buffer,
  contentType: string,
  names: readonly Name[],
): Partial<Record<Name, string>> | Refusal {
  const boundary = boundaryIn(contentType);
  if (boundary === undefined) return malformed('its content-type names no boundary, or two');
  const fields: Partial<Record<Name, string>> = {};
  for (const part of partsOf(body, boundary)) {
    if (part instanceof Refusal) return part;
    const field = names.find((name) => name === part.name);
    if (field === undefined) continue;
    if (fields[field] !== undefined) return malformed(`it has two fields "${field}"`);
    if (part.end - part.start > MAX_VALUE_BYTES)
      return malformed(`its field "${field}" is longer than any value of it`);
    fields[field] = body.toString('utf8', part.start, part.end);
  }
  return fields;
}

/** The bytes of a field that is a file. */
export function fileField(body: Buffer, contentType: string, name: string): Buffer | Refusal {
  const boundary = boundaryIn(contentType);
  if (boundary === undefined) return malformed('its content-type names no boundary, or two');
  let file: Buffer | undefined;
  for (const part of partsOf(body, boundary)) {
    if (part instanceof Refusal) return part;
    if (part.name !== name) continue;
    if (file !== undefined) return malformed(`it has two fields "${name}"`);
    file = body.subarray(part.start, part.end);
  }
  return file ?? malformed(`it has no field "${name}"`);
}

/** With another value of one field, if it has it. Every other byte stays. */
export function withField(body: Buffer, contentType: string, field: { name: string; value: string | Buffer }): Buffer {
  const boundary = boundaryIn(contentType);
  if (boundary === undefined) return body;
  for (const part of partsOf(body, boundary)) {
    if (part instanceof Refusal) return body;
    if (part.name !== field.name) continue;
    return Buffer.concat([body.subarray(0, part.start), bytesOf(field.value), body.subarray(part.end)]);
  }
  return body;
}

/** For a field that is known not to be there. */
export function withFirstField(body: Buffer, contentType: string, field: { name: string; value: string }): Buffer {
  const boundary = boundaryIn(contentType);
  if (boundary === undefined) return body;
  const head = `--${boundary}\r\nContent-Disposition: form-data; name="${field.name}"\r\n\r\n`;
  return Buffer.concat([Buffer.from(`${head}${field.value}\r\n`), body]);
}

function boundaryIn(contentType: string): string | undefined {
  // Of two of them readers take the first or the last, or (RFC 2231) put them together.
  if ([...contentType.matchAll(/;\s*boundary[\s*\d]*=/gi)].length > 1) return undefined;
  const [, quoted, plain] = BOUNDARY.exec(contentType) ?? [];
  return quoted ?? plain;
}

/** Where its value stands in the body. */
interface Part {
  readonly name: string;
  readonly start: number;
  readonly end: number;
}

function* partsOf(body: Buffer, boundary: string): Generator<Part | Refusal, void, void> {
  const delimiter = Buffer.from(`\r\n--${boundary}`);
  if (!body.subarray(0, delimiter.length - 2).equals(delimiter.subarray(2))) {
    return yield malformed('it does not begin with its boundary');
  }
  let at = delimiter.length - 2;
  for (let parts = 0; body.toString('latin1', at, at + 2) !== '--'; parts += 1) {
    if (parts === MAX_PARTS) return yield malformed(`it has more than ${MAX_PARTS} parts`);
    const headersEnd = body.indexOf(HEADERS_END, at);
    const end = body.indexOf(delimiter, headersEnd);
    if (headersEnd === -1 || end === -1) return yield malformed('a part of it has no end');
    if (headersEnd - at > MAX_HEADER_BYTES) return yield malformed('a part of it has headers that are too long');
    const name = nameOf(body.toString('utf8', at, headersEnd));
    if (name === undefined) return yield malformed('a part of it does not say its name as browsers and SDKs do');
    yield { name, start: headersEnd + HEADERS_END.length, end: Math.max(end, headersEnd + HEADERS_END.length) };
    at = end + delimiter.length;
  }
  // Some take a last boundary with more behind it for a part of the text, and read on.
  if (!/^--(?:\r\n)?$/.test(body.toString('latin1', at, at + 5))) yield malformed('there is something behind its end');
}

/** @param headers of a part, each with a line break before it. */
function nameOf(headers: string): string | undefined {
  const lines = headers.split('\r\n');
  if (lines.shift() !== '') return undefined;
  const dispositions = lines.filter((line) => /^content-disposition[ \t]*:/i.test(line));
  const [disposition] = dispositions;
  // A folded line would hide from one reader what another sees.
  if (disposition === undefined || dispositions.length > 1 || lines.some((line) => !/^[\w-]+:/.test(line)))
    return undefined;
  const parameters = disposition.replace(/^[\w-]+:[ \t]*form-data[ \t]*(?=;)/i, '');
  const found = [...parameters.matchAll(PARAMETER)];
  const isWhole = found.reduce((length, [text]) => length + text.length, 0) === parameters.trimEnd().length;
  const called = found.filter(([, parameter]) => /^name\*?$/i.test(parameter ?? ''));
  const [, parameter, quoted, plain] = called[0] ?? [];
  const name = quoted ?? plain;
  return isWhole && called.length === 1 && parameter?.endsWith('*') === false && !name?.includes('\\')
    ? name
    : undefined;
}

function malformed(why: string): Refusal {
  return new Refusal('invalid_request', `The form cannot be read: ${why}.`);
}

const bytesOf = (value: string | Buffer): Buffer => (typeof value === 'string' ? Buffer.from(value) : value);
