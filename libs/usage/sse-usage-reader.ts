import type { Frame, OnFrame } from '#framing/frame.js';
import { SseParser } from '#framing/sse.js';
import { SseSkimmer } from '#framing/sse-skimmer.js';
import { LastBytes } from './last-bytes.js';
import type { UsageRecord } from './usage-record.js';
import type { Usage } from './usage.js';

/**
 * Reads a stream by skimming it. Heard are the first events, until the model is known; every event with a mark of its
 * family; of those with a running count the last; and, where the usage has not come with the end until then, what the
 * last bytes tell of it: an end, an error, a usage without a mark. Which events these are depends on the bytes alone.
 */
export class SseUsageReader {
  readonly #skimmer: SseSkimmer;
  readonly #last = new LastBytes();
  /** Whole events, of which the last with a running mark has the count that stands. */
  #running: Buffer | undefined;

  /** @param onFrame gets the stream's frames as they are read: whole events, and runs of such that tell nothing. */
  constructor(
    private readonly record: UsageRecord,
    private readonly onFrame?: OnFrame,
  ) {
    this.#skimmer = new SseSkimmer((frame) => this.#read(frame));
  }

  push(chunk: Uint8Array): void {
    this.#skimmer.push(chunk);
  }

  end(): Usage {
    this.#skimmer.end();
    this.#hearRunning();
    if (!this.record.isAtEnd) this.#hearLast();
    return this.record.finish();
  }

  #read(frame: Frame): void {
    const { marks, runningMark } = this.record.family;
    this.record.meet(frame);
    this.#last.push(frame.raw);
    const isRunning = runningMark !== undefined && frame.raw.lastIndexOf(runningMark) !== -1;
    if (this.record.isNaming ? frame.data !== undefined : this.#isMarked(frame) && this.record.concerns(frame)) {
      if (!isRunning) this.#hearRunning();
      this.#running = undefined;
      this.record.hearEvent(frame);
    } else if (isRunning) {
      this.#running = frame.raw;
    }
    if (!this.record.isNaming) this.#skimmer.marks = marks;
    this.onFrame?.(frame);
  }

  #isMarked({ data }: Frame): boolean {
    const { marks } = this.record.family;
    return data !== undefined && (marks === undefined || marks.some((mark) => data.includes(mark)));
  }

  #hearRunning(): void {
    const { runningMark } = this.record.family;
    if (this.#running === undefined || runningMark === undefined) return;
    const last = framesOf(this.#running).findLast(({ raw }) => raw.includes(runningMark));
    this.#running = undefined;
    if (last !== undefined) this.record.hearEvent(last);
  }

  #hearLast(): void {
    const { bytes, isWhole } = this.#last;
    // The first event may have lost its beginning.
    for (const event of framesOf(bytes).slice(isWhole ? 0 : 1)) {
      if (this.record.hearEnd(event) || this.#isMarked(event)) continue;
      if (this.record.concerns(event)) this.record.hearEvent(event);
    }
  }
}

function framesOf(bytes: Buffer): Frame[] {
  const frames: Frame[] = [];
  const parser = new SseParser((frame) => frames.push(frame));
  parser.push(bytes);
  parser.end();
  return frames;
}
