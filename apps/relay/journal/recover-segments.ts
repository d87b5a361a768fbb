import { copyFile, readdir, readFile, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { readRecord, type JournalRecord, type OpenedAttempt, type SettledEvent } from './journal-record.js';

const SEGMENT_NAME = /^(\d{10})\.jsonl$/;

/** Zero-padded, so that the order of names is the order of writing. */
export const segmentName = (number: number) => `${String(number).padStart(10, '0')}.jsonl`;

/** What earlier runs left behind. */
export interface Recovered {
  /** Attempts without an end. */
  readonly open: ReadonlyMap<string, OpenedAttempt>;
  /** Events that JetStream has not confirmed, in order. */
  readonly unpublished: ReadonlyMap<string, SettledEvent>;
  readonly segments: readonly RecoveredSegment[];
}

export interface RecoveredSegment {
  readonly number: number;
  readonly path: string;
  readonly bytes: number;
  /** The events settled in it. */
  readonly settled: readonly string[];
}

/**
 * Reads what earlier runs wrote, oldest first. The last line of the last segment may be torn by the crash: it was never
 * acknowledged to anyone and is cut off. Any other line that cannot be read is damage: a copy of the segment is kept
 * beside it, `complain` is told, and what can be read goes on.
 */
export async function recoverSegments(folder: string, complain: (sentence: string) => void): Promise<Recovered> {
  const names = (await readdir(folder)).filter((name) => SEGMENT_NAME.test(name)).sort();
  const last = names.at(-1);
  if (last !== undefined) await cutTornLine(join(folder, last));

  const open = new Map<string, OpenedAttempt>();
  const unpublished = new Map<string, SettledEvent>();
  const segments: RecoveredSegment[] = [];
  for (const name of names) {
    const path = join(folder, name);
    const settled: string[] = [];
    const { records, bytes } = await readSegment(path, complain);
    for (const record of records) {
      if ('opened' in record) open.set(record.opened.id, record.opened);
      else if ('published' in record) record.published.forEach((id) => unpublished.delete(id));
      else {
        open.delete(record.settled.id);
        unpublished.set(record.settled.id, record.settled);
        settled.push(record.settled.id);
      }
    }
    segments.push({ number: Number(name.slice(0, 10)), path, bytes, settled });
  }
  return { open, unpublished, segments };
}

async function cutTornLine(path: string): Promise<void> {
  const bytes = await readFile(path);
  await truncate(path, bytes.lastIndexOf('\n') + 1);
}

async function readSegment(path: string, complain: (sentence: string) => void) {
  const text = await readFile(path, 'utf8');
  const records: JournalRecord[] = [];
  const unreadable: number[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    if (line === '') continue;
    const record = readRecord(line);
    if (record === undefined) unreadable.push(index + 1);
    else records.push(record);
  }
  if (unreadable.length > 0) {
    await copyFile(path, `${path}.unreadable`);
    complain(
      `Journal segment ${path} has ${unreadable.length} unreadable lines, from line ${unreadable[0]} on. ` +
        `A copy is kept as ${path}.unreadable: read its usage events by hand, they may be missing from the log.`,
    );
  }
  return { records, bytes: Buffer.byteLength(text) };
}
