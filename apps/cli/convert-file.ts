import { createReadStream } from 'node:fs';
import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { JsonLinesParser } from '#framing/json-lines.js';
import type { Loss } from '#protocols/chat/losses.js';
import { type Conversion, convertAnswer, convertRequest } from '#protocols/convert.js';
import { StreamConversion } from '#protocols/convert-stream.js';
import { Refusal } from '#protocols/error-body.js';
import { parseObject } from '#usage/json.js';
import { asFileFailure, FileFailure } from './file-failure.js';

/** A whole body is read into memory, as the relay reads one. */
const MAX_BODY_BYTES = 64 * 1024 * 1024;
const BRACE = 0x7b;

/**
 * Converts a request or a whole answer and writes it as one line of JSON.
 * @returns what was left out.
 * @throws FileFailure when the file is no such body, or the target cannot express it.
 */
export async function convertBody(
  file: string,
  kind: 'request' | 'response',
  conversion: Conversion,
  out: Writable,
): Promise<readonly Loss[]> {
  const bytes = await readWhole(file);
  const body = parseObject(bytes);
  if (body === undefined) throw new FileFailure(file, 'it is not a JSON object.');
  const converted = kind === 'request' ? convertRequest(body, conversion) : convertAnswer(bytes, conversion);
  if (converted instanceof Refusal) throw new FileFailure(file, converted.message);
  out.write(`${JSON.stringify(converted.body)}\n`);
  return converted.losses;
}

/** Converts a streamed answer while it is read: server-sent events, or one JSON event per line. */
export async function convertStream(file: string, conversion: Conversion, out: Writable): Promise<readonly Loss[]> {
  const stream = new StreamConversion(conversion);
  const pass = async (bytes: Buffer) => {
    if (bytes.length > 0 && !out.write(bytes)) await once(out, 'drain');
  };
  let asEvents: ((chunk: Buffer) => Buffer) | undefined;
  for await (const chunk of chunksOf(file)) {
    asEvents ??= chunk[0] === BRACE ? linesAsEvents() : (bytes) => bytes;
    await pass(stream.push(asEvents(chunk)));
  }
  if (asEvents === undefined) throw new FileFailure(file, 'it is empty, and the body of an answer is not.');
  // The last line may have no end; to a stream of events two newlines more say nothing.
  await pass(stream.push(asEvents(Buffer.from('\n\n'))));
  await pass(stream.end());
  return stream.losses();
}

function linesAsEvents(): (chunk: Buffer) => Buffer {
  let events: string[] = [];
  const parser = new JsonLinesParser(({ data }) => {
    if (data !== undefined) events.push(`data: ${data.toString()}\n\n`);
  });
  return (chunk) => {
    parser.push(chunk);
    const bytes = Buffer.from(events.join(''));
    events = [];
    return bytes;
  };
}

async function readWhole(file: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of chunksOf(file)) {
    length += chunk.length;
    if (length > MAX_BODY_BYTES) throw new FileFailure(file, `it is larger than ${MAX_BODY_BYTES} bytes.`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

async function* chunksOf(file: string): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of file === '-' ? process.stdin : createReadStream(file)) yield chunk as Buffer;
  } catch (error) {
    throw asFileFailure(file, error);
  }
}
