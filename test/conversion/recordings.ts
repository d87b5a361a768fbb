import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ChatApi } from '#protocols/chat/chat-api.js';

// eslint-disable-next-line no-restricted-properties -- a test's own switch, read nowhere else
const recordings = process.env['TOLLGATE_RECORDINGS'] ?? join(process.cwd(), '../shared/data');

/** Whether there are recordings here. */
export const found = existsSync(join(recordings, 'index.json'));

/** The body of a recorded answer. */
export interface Recording {
  readonly name: string;
  readonly provider: string;
  readonly body: Buffer;
}

interface Row {
  readonly id: string;
  readonly file: string;
  readonly api: string;
  readonly format: string;
  readonly provider: string;
  readonly response?: unknown;
}

export function recordedStreams(api: ChatApi): Recording[] {
  const rows = found ? (JSON.parse(readFileSync(join(recordings, 'index.json'), 'utf8')) as Row[]) : [];
  return rows
    .filter((row) => row.api === api)
    .map((row) => ({ name: row.file, provider: row.provider, body: streamBody(row) }));
}

/** Whole answers. Of some only the beginning was kept: they are no JSON, and not among these. */
export function recordedAnswers(api: ChatApi): Recording[] {
  const file = join(recordings, 'json', `${api}.jsonl`);
  const lines = existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [];
  return lines.flatMap((line) => {
    const { id, provider, response } = JSON.parse(line) as Row;
    if (typeof response !== 'object' || response === null) return [];
    return [{ name: id, provider, body: Buffer.from(JSON.stringify(response)) }];
  });
}

/** An event per line, as some recordings are kept, becomes the stream that it was. */
function streamBody({ file, format, api }: Row): Buffer {
  const bytes = readFileSync(join(recordings, file));
  if (!format.startsWith('json-lines')) return bytes;
  const typeOf = (line: string) => (JSON.parse(line) as { type?: string }).type;
  const lines = bytes.toString().trim().split('\n');
  // Anthropic's SDK goes by the event's name, which these recordings have left out.
  const name = (line: string) => (api === 'anthropic-messages' ? `event: ${typeOf(line)}\n` : '');
  return Buffer.from(lines.map((line) => `${name(line)}data: ${line}\n\n`).join(''));
}
