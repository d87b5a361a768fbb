import { createReadStream } from 'node:fs';
import { parse, type Info } from 'csv-parse';
import { DemoFailure } from './demo-failure.js';

/** One request of a trace: when it came, and how long its prompt and its answer were. */
export interface TraceRow {
  /** Milliseconds since 1970, with their fraction. */
  readonly atMs: number;
  readonly contextTokens: number;
  readonly generatedTokens: number;
}

const header = ['TIMESTAMP', 'ContextTokens', 'GeneratedTokens'];
/** What one request body and one answer of the sandbox can hold. */
const maxContextTokens = 1_000_000;
const maxGeneratedTokens = 128_000;
/** After so many wrong lines the file is of another kind: the rest would say the same. */
const maxProblems = 10;

/**
 * Reads the first `limit` requests of a trace in the form of the Azure LLM inference traces, and checks every one.
 * @throws DemoFailure when the file cannot be read, or with a sentence for each line that is not a request.
 */
export async function readTrace(path: string, limit = Number.POSITIVE_INFINITY): Promise<TraceRow[]> {
  const rows: TraceRow[] = [];
  const problems: string[] = [];
  let first = true;
  for await (const { fields, line } of readLines(path)) {
    if (first) {
      if (fields.join() !== header.join()) throw new DemoFailure(`${path}, line ${line}: expected ${header.join()}.`);
      first = false;
      continue;
    }
    const row = readRow(fields);
    if (typeof row === 'string') problems.push(`${path}, line ${line}: ${row}`);
    else rows.push(row);
    if (problems.length === maxProblems || rows.length + problems.length >= limit) break;
  }
  if (problems.length > 0) throw new DemoFailure(problems.join('\n'));
  if (rows.length === 0) throw new DemoFailure(`${path} holds no requests: expected lines of ${header.join()}.`);
  return rows;
}

async function* readLines(path: string): AsyncGenerator<{ fields: string[]; line: number }> {
  const file = createReadStream(path);
  const parser = parse({ bom: true, trim: true, info: true, relax_column_count: true, skip_empty_lines: true });
  file.on('error', (error) => parser.destroy(error));
  try {
    for await (const { record, info } of file.pipe(parser) as AsyncIterable<{ record: string[]; info: Info }>) {
      yield { fields: record, line: info.lines };
    }
  } catch (error) {
    throw new DemoFailure(`Cannot read the trace ${path}: ${(error as Error).message}`, { cause: error });
  } finally {
    file.destroy();
  }
}

/** A request, or what is wrong with its line. */
function readRow(fields: readonly string[]): TraceRow | string {
  if (fields.length !== header.length) return `expected ${header.length} fields, found ${fields.length}.`;
  const [timestamp = '', context = '', generated = ''] = fields;
  const atMs = readTimestamp(timestamp);
  if (atMs === undefined) return `TIMESTAMP "${shown(timestamp)}" is not a time such as 2023-11-16 18:15:46.6805900.`;
  const contextTokens = readCount(context, maxContextTokens);
  if (contextTokens === undefined) return notACount('ContextTokens', context, maxContextTokens);
  const generatedTokens = readCount(generated, maxGeneratedTokens);
  if (generatedTokens === undefined) return notACount('GeneratedTokens', generated, maxGeneratedTokens);
  return { atMs, contextTokens, generatedTokens };
}

/** UTC unless an offset says otherwise. Fractions finer than a millisecond are kept: requests come closer together. */
function readTimestamp(text: string): number | undefined {
  const parts = /^(\d{4}-\d{2}-\d{2})[ T](\d{2}:\d{2}:\d{2})(\.\d+)?(Z|[+-]\d{2}:\d{2})?$/.exec(text);
  if (parts === null) return undefined;
  const [, date, time, fraction = '.0', offset = 'Z'] = parts;
  const local = Date.parse(`${date}T${time}Z`);
  const wholeMs = Date.parse(`${date}T${time}${offset}`);
  // The parser takes the 31st of a short month for the 1st of the next.
  if (Number.isNaN(wholeMs) || !new Date(local).toISOString().startsWith(`${date}T${time}`)) return undefined;
  return wholeMs + Number(fraction) * 1000;
}

function readCount(text: string, max: number): number | undefined {
  return /^\d{1,9}$/.test(text) && Number(text) <= max ? Number(text) : undefined;
}

const notACount = (name: string, text: string, max: number) =>
  `${name} "${shown(text)}" is not a whole number from 0 to ${max}.`;
const shown = (text: string) => text.slice(0, 40);
