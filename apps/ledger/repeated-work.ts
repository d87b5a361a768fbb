import { Logger } from '@nestjs/common';
import { isPassing } from '#postgres/postgres-failure.js';
import { pause } from '#service/pause.js';

interface Work {
  /** What the log calls it. */
  readonly name: string;
  readonly pauseMs: number;
  run(): Promise<void>;
}

/** Work that is done over and over, with a pause after each time. What fails is logged, and left to the next time. */
export class RepeatedWork {
  readonly #ending = new AbortController();
  readonly #log: Logger;
  #running: Promise<void> | undefined;

  constructor(private readonly work: Work) {
    this.#log = new Logger(work.name);
  }

  start(): void {
    this.#running = this.#repeat(this.#ending.signal);
  }

  /** Waits for what is being done. */
  async stop(): Promise<void> {
    this.#ending.abort();
    await this.#running;
  }

  async #repeat(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await this.work.run();
      } catch (error) {
        if (isPassing(error)) this.#log.warn('Waits for the database.');
        else this.#log.error('Failed; it is tried again.', error);
      }
      await pause(this.work.pauseMs, { signal });
    }
  }
}
