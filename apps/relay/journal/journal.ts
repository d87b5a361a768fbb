import { closeSync, fdatasync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { writeAtTurnsEnd } from '../loop-turn.js';
import { type JournalRecord, type OpenedAttempt, type SettledEvent, writeRecord } from './journal-record.js';
import { lockJournal } from './lock-journal.js';
import { type Recovered, recoverSegments, segmentName } from './recover-segments.js';

export interface JournalLimits {
  /** A segment larger than this is followed by a new one. */
  readonly segmentBytes: number;
  /** Beyond either of these no attempt is opened any more: JetStream has been away for too long. */
  readonly journalBytes: number;
  readonly unfinished: number;
}

export const journalLimits: JournalLimits = {
  segmentBytes: 16 * 1024 * 1024,
  journalBytes: 1024 * 1024 * 1024,
  unfinished: 250_000,
};

const SYNC_INTERVAL_MS = 50;

const syncToDisk = promisify(fdatasync);

interface Segment {
  readonly path: string;
  bytes: number;
  /** Events settled in it and not published yet. */
  unpublished: number;
}

/**
 * The relay's memory of its attempts: lines appended to segment files, `opened` before the first byte goes upstream,
 * `settled` before the client sees the end of the answer, `published` after JetStream's PubAck.
 *
 * An append has happened when its promise resolves: the bytes are with the operating system, so kill -9 of this process
 * loses nothing. They are synced to the disk in the background, so a power failure loses at most the last group, some
 * 50 ms. The appends of one turn of the event loop are one write. A write that fails ends the process: nothing that was
 * promised could be kept, and the next start recovers what is there.
 *
 * A new segment begins with the attempts that are open, so an older one is needed for its unpublished events only. Segments
 * are removed strictly oldest first, so that no `opened` outlives its `settled`.
 */
export class Journal {
  readonly #open: Map<string, OpenedAttempt>;
  /** Where each unpublished event is settled. */
  readonly #segmentOf = new Map<string, Segment>();
  readonly #older: Segment[];
  #segment: Segment;
  #segmentNumber: number;
  #file: number;
  #pending: { lines: string; settled: string[]; written: Promise<void> } | undefined;
  /** Files that are full: synced once more, then closed. */
  readonly #retired: number[] = [];
  #unsynced = false;
  #syncing: Promise<void> | undefined;

  /** @throws JournalLocked */
  static async open(folder: string, complain: (sentence: string) => void, limits = journalLimits): Promise<Journal> {
    mkdirSync(folder, { recursive: true });
    const unlock = lockJournal(folder);
    return new Journal(folder, await recoverSegments(folder, complain), limits, unlock);
  }

  private constructor(
    private readonly folder: string,
    /** What earlier runs left to do. */
    readonly recovered: Recovered,
    private readonly limits: JournalLimits,
    private readonly unlock: () => void,
  ) {
    this.#open = new Map(recovered.open);
    this.#older = recovered.segments.map(({ path, bytes, settled }) => {
      const segment = { path, bytes, unpublished: 0 };
      for (const id of settled.filter((id) => recovered.unpublished.has(id))) this.#settledIn(segment, id);
      return segment;
    });
    this.#segmentNumber = recovered.segments.at(-1)?.number ?? 0;
    [this.#segment, this.#file] = this.#startSegment();
  }

  /** False when the journal has reached its bound: to open another attempt would be a promise that cannot be kept. */
  hasRoom(): boolean {
    const bytes = this.#older.reduce((sum, segment) => sum + segment.bytes, this.#segment.bytes);
    return this.#open.size + this.#segmentOf.size < this.limits.unfinished && bytes < this.limits.journalBytes;
  }

  opened(attempt: OpenedAttempt): Promise<void> {
    this.#open.set(attempt.id, attempt);
    return this.#append({ opened: attempt });
  }

  settled(event: SettledEvent): Promise<void> {
    this.#open.delete(event.id);
    return this.#append({ settled: event }, event.id);
  }

  published(ids: readonly string[]): Promise<void> {
    for (const id of ids) {
      const segment = this.#segmentOf.get(id);
      if (segment !== undefined) segment.unpublished -= 1;
      this.#segmentOf.delete(id);
    }
    return this.#append({ published: ids });
  }

  /** Writes and syncs what is pending, and lets another process have the journal. */
  async close(): Promise<void> {
    await this.#pending?.written;
    await this.#syncing;
    await this.#sync();
    closeSync(this.#file);
    this.unlock();
  }

  #append(record: JournalRecord, settled?: string): Promise<void> {
    this.#pending ??= {
      lines: '',
      settled: [],
      written: new Promise((resolve) => writeAtTurnsEnd(() => resolve(this.#writePending()))),
    };
    this.#pending.lines += writeRecord(record);
    if (settled !== undefined) this.#pending.settled.push(settled);
    return this.#pending.written;
  }

  #writePending(): void {
    const { lines, settled } = this.#pending!;
    this.#pending = undefined;
    if (this.#segment.bytes >= this.limits.segmentBytes) {
      this.#older.push(this.#segment);
      this.#retired.push(this.#file);
      [this.#segment, this.#file] = this.#startSegment();
    }
    this.#segment.bytes += this.#write(this.#file, lines);
    for (const id of settled) this.#settledIn(this.#segment, id);
    this.#unsynced = true;
    this.#syncing ??= this.#syncInBackground();
  }

  #settledIn(segment: Segment, id: string): void {
    segment.unpublished += 1;
    this.#segmentOf.set(id, segment);
  }

  #startSegment(): [Segment, number] {
    this.#segmentNumber += 1;
    const path = join(this.folder, segmentName(this.#segmentNumber));
    const file = openSync(path, 'ax');
    const carried = [...this.#open.values()].map((attempt) => writeRecord({ opened: attempt })).join('');
    return [{ path, bytes: this.#write(file, carried), unpublished: 0 }, file];
  }

  /** @returns the bytes written. The system's own words do not say what could not be written, and whom it stops. */
  #write(file: number, lines: string): number {
    try {
      return writeLines(file, lines);
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new Error(
        `The relay journal ${this.folder} cannot be written (${why}), and a relay that cannot remember must not send: ` +
          'make room on its disk.',
        { cause },
      );
    }
  }

  /** One at a time, because a file is closed after its last sync. */
  async #syncInBackground(): Promise<void> {
    while (this.#unsynced) {
      await delay(SYNC_INTERVAL_MS);
      this.#unsynced = false;
      await this.#sync();
    }
    this.#syncing = undefined;
  }

  /** Syncs, and only then removes the oldest segments that are done: the attempts carried out of them are on the disk now. */
  async #sync(): Promise<void> {
    const needed = this.#older.findIndex(({ unpublished }) => unpublished > 0);
    const done = this.#older.splice(0, needed === -1 ? this.#older.length : needed);
    const retired = this.#retired.splice(0);
    for (const file of [...retired, this.#file]) await syncToDisk(file);
    for (const file of retired) closeSync(file);
    for (const { path } of done) rmSync(path, { force: true });
  }
}

/** What a turn of the event loop writes nearly always fits in here; what does not gets memory of its own. */
const scratch = Buffer.allocUnsafeSlow(256 * 1024);
const MAX_UTF8_BYTES_PER_UNIT = 3;

/** @returns the bytes written. */
function writeLines(file: number, lines: string): number {
  const fits = lines.length * MAX_UTF8_BYTES_PER_UNIT <= scratch.length;
  const bytes = fits ? scratch : Buffer.from(lines);
  const length = fits ? scratch.write(lines) : bytes.length;
  for (let written = 0; written < length;) written += writeSync(file, bytes, written, length - written);
  return length;
}
