import { setImmediate as otherWork } from 'node:timers/promises';
import { Refusal } from '#protocols/error-body.js';
import { asObject, type JsonObject, parseObject } from '#usage/json.js';
import { type BatchTokens, estimateTokens } from '../admit/estimate-cost.js';
import { withMember } from '../forward/json-member.js';
import { findOperation } from '../operations/find-operation.js';
import type { Operation } from '../operations/operations.js';
import type { PermittedCall } from '../policy/permit-call.js';
import { refuseSpelling, refuseTwoReadings } from '../receive/one-reading.js';
import { storedMember } from '../receive/stored-member.js';

/** What a batch's input asks for. */
export interface BatchInput {
  readonly operation: Operation;
  /** As the channels call it for clients. */
  readonly model: string;
  readonly regions?: ReadonlySet<string>;
  /** How its lines call it: an alias is another name. */
  readonly names: ReadonlySet<string>;
  readonly tokens: BatchTokens;
  /** The member by which one of its lines names what is stored at an upstream. */
  readonly stored?: string | undefined;
}

/** One request of the batch. */
export interface AskedLine {
  readonly operation: Operation;
  readonly model: string;
  readonly json: JsonObject;
}

export type Permits = (line: AskedLine) => PermittedCall | Refusal;

/** OpenAI's own: https://platform.openai.com/docs/guides/batch */
const MAX_LINES = 50_000;
/** Reading them takes a millisecond or so, and others wait meanwhile. */
const LINES_AT_A_TIME = 50;
const LF = 0x0a;
const LINE_END = Buffer.of(LF);

const BATCHED: ReadonlySet<string> = new Set([
  'chat.completions',
  'responses',
  'completions',
  'embeddings',
  'moderations',
  'images.generations',
]);

/** Every line is judged as the call would be that it stands for. @returns a Refusal that names the first wrong line. */
export async function checkBatchFile(file: Buffer, permits: Permits): Promise<BatchInput | Refusal> {
  let input: Omit<BatchInput, 'names' | 'tokens' | 'stored'> | undefined;
  let stored: string | undefined;
  let tokens: BatchTokens = { lines: 0, input: 0, output: 0, largestInput: 0 };
  const names = new Set<string>();
  let number = 0;
  for (const line of linesOf(file)) {
    number += 1;
    if (number > MAX_LINES) return wrongLine(number, `is one too many: a batch has at most ${MAX_LINES} lines`);
    if (number % LINES_AT_A_TIME === 0) await otherWork();
    // An empty line asks for nothing.
    if (line.toString('latin1').trim() === '') continue;
    const asked = readLine(line, number);
    if (asked instanceof Refusal) return asked;
    const permitted = permits(asked);
    if (permitted instanceof Refusal)
      return new Refusal(permitted.code, `Line ${number}: ${permitted.message}`, 'file');
    const { model = asked.model, regions } = permitted;
    const { operation } = asked;
    input ??= { operation, model, ...(regions !== undefined && { regions }) };
    if (model !== input.model) return wrongLine(number, `names a second model, "${model}": a batch has one`);
    if (operation !== input.operation) return wrongLine(number, `has a second url, ${operation.path}: a batch has one`);
    names.add(asked.model);
    stored ??= storedMember(asked.json);
    tokens = withLine(tokens, asked, line.length);
  }
  return input === undefined
    ? new Refusal('invalid_request', 'The file has no line: each line is one request.', 'file')
    : { ...input, names, tokens, stored };
}

function withLine(before: BatchTokens, { operation, model, json }: AskedLine, bodyBytes: number): BatchTokens {
  const { input, output } = estimateTokens({ api: operation.usageApi, model, bodyBytes, json });
  return {
    lines: before.lines + 1,
    input: atMost(before.input + input),
    output: atMost(before.output + output),
    largestInput: Math.max(before.largestInput, input),
  };
}

/** A line may ask for any length, and a count is exact only so far: nobody has money for as much. */
const atMost = (tokens: number) => Math.min(tokens, Number.MAX_SAFE_INTEGER);

/** The file with the upstream's name of the model in every line. Every other byte stays. */
export function renameInLines(file: Buffer, upstreamModel: string): Buffer {
  const name = Buffer.from(JSON.stringify(upstreamModel));
  const lines = [...linesOf(file)].map((line) =>
    line.toString('latin1').trim() === ''
      ? line
      : withMember(line, 'body', (body = Buffer.from('{}')) => withMember(body, 'model', () => name)),
  );
  return Buffer.concat(lines.flatMap((line) => [line, LINE_END]));
}

function* linesOf(file: Buffer): Generator<Buffer, void, void> {
  for (let start = 0; start < file.length;) {
    const found = file.indexOf(LF, start);
    const end = found === -1 ? file.length : found;
    yield file.subarray(start, end);
    start = end + 1;
  }
}

function readLine(line: Buffer, number: number): AskedLine | Refusal {
  const asked = parseObject(line);
  if (asked === undefined) return wrongLine(number, 'is not a JSON object');
  const unclear = refuseTwoReadings(line, asked) ?? refuseSpelling(asObject(asked['body']) ?? {});
  if (unclear !== undefined) return new Refusal(unclear.code, `Line ${number}: ${unclear.message}`, 'file');
  const { custom_id: id, url, body } = asked;
  if (typeof id !== 'string' || id === '') return wrongLine(number, 'has no custom_id');
  const found = typeof url === 'string' ? findOperation('POST', url) : undefined;
  if (found === undefined || found instanceof Refusal || !BATCHED.has(found.operation.name)) {
    return wrongLine(number, `has a url that no batch can call: set one such as /v1/chat/completions`);
  }
  const json = asObject(body);
  const model = json?.['model'] ?? found.operation.usualModel;
  if (json === undefined || typeof model !== 'string' || model === '' || found.model !== undefined) {
    return wrongLine(number, 'names no model: set "model" in its body');
  }
  return { operation: found.operation, model: model.slice(0, 256), json };
}

function wrongLine(number: number, why: string): Refusal {
  return new Refusal('invalid_request', `Line ${number} of the file ${why}.`, 'file');
}
