import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { RepeatedWork } from '../repeated-work.js';
import { forgetLeases } from './forget-leases.js';

const pauseMs = 3_600_000;

/** Keeps the tables of leases small; what has expired counts nowhere, whether it is deleted or not. */
@Injectable()
export class LeaseCleanup implements OnApplicationBootstrap, OnModuleDestroy {
  readonly #work: RepeatedWork;

  constructor(@Inject(DataSource) source: DataSource) {
    this.#work = new RepeatedWork({ name: 'leases', pauseMs, run: () => forgetLeases(source, new Date()) });
  }

  onApplicationBootstrap(): void {
    this.#work.start();
  }

  async onModuleDestroy(): Promise<void> {
    await this.#work.stop();
  }
}
