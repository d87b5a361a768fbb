import type { JetStreamClient } from '@nats-io/jetstream';
import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { JETSTREAM } from '#jetstream/jetstream.module.js';
import { RepeatedWork } from '../repeated-work.js';
import { publishAlerts } from './publish-alerts.js';

/** How long after its commit an alert may wait to be told. */
const pauseMs = 1_000;

/** Any number of ledgers may publish: the stream knows an alert that it has. */
@Injectable()
export class AlertPublisher implements OnApplicationBootstrap, OnModuleDestroy {
  readonly #work: RepeatedWork;

  constructor(@Inject(DataSource) source: DataSource, @Inject(JETSTREAM) js: JetStreamClient) {
    this.#work = new RepeatedWork({ name: 'alerts', pauseMs, run: () => publishAlerts(source, js) });
  }

  onApplicationBootstrap(): void {
    this.#work.start();
  }

  async onModuleDestroy(): Promise<void> {
    await this.#work.stop();
  }
}
