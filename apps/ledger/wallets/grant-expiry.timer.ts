import { Inject, Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { isPassing } from '#postgres/postgres-failure.js';
import { expireGrants } from './expire-grants.js';

/** Nothing depends on it but what is shown as left: allocation knows each grant's expiry itself. */
const expireEveryMs = 60_000;

/** Posts back what is left of expired grants, now and then. Any number of ledgers may do so: they take turns. */
@Injectable()
export class GrantExpiryTimer implements OnApplicationBootstrap, OnModuleDestroy {
  readonly #log = new Logger('grants');
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> = Promise.resolve();

  constructor(@Inject(DataSource) private readonly source: DataSource) {}

  onApplicationBootstrap(): void {
    this.#timer = setInterval(() => {
      this.#running = this.#running.then(() => this.#expire());
    }, expireEveryMs);
  }

  async onModuleDestroy(): Promise<void> {
    clearInterval(this.#timer);
    await this.#running;
  }

  async #expire(): Promise<void> {
    try {
      const count = await expireGrants(this.source, new Date());
      if (count > 0) this.#log.log(`${count} grants have expired: what was left of them is posted back.`);
    } catch (error) {
      // What failed now is found again next time.
      if (isPassing(error)) this.#log.warn('Expired grants wait for the database.');
      else this.#log.error('Expired grants could not be posted back.', error);
    }
  }
}
