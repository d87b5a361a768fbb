import { setTimeout as sleep } from 'node:timers/promises';
import { type DynamicModule, Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { createDataSource, type DataSourceSettings } from './data-source.js';
import { postgresFailure } from './postgres-failure.js';

const startWaitMs = 30_000;
const startRetryMs = 500;

/** Provides the app's one `DataSource`, connected. The pool reconnects by itself from then on. */
@Module({})
export class PostgresModule implements OnApplicationShutdown {
  constructor(@Inject(DataSource) private readonly source: DataSource) {}

  static forRoot(settings: DataSourceSettings): DynamicModule {
    return {
      module: PostgresModule,
      global: true,
      providers: [{ provide: DataSource, useFactory: () => connectPostgres(settings) }],
      exports: [DataSource],
    };
  }

  async onApplicationShutdown(): Promise<void> {
    if (this.source.isInitialized) await this.source.destroy();
  }
}

/**
 * Connects, waiting up to 30 s for a server that is starting or restarting.
 * @throws PostgresFailure at once when waiting cannot help, such as on a wrong password.
 */
export async function connectPostgres(settings: DataSourceSettings): Promise<DataSource> {
  const source = createDataSource(settings);
  for (let waitedMs = 0; ; waitedMs += startRetryMs) {
    try {
      return await source.initialize();
    } catch (error) {
      const failure = postgresFailure(error, settings.url);
      if (!failure.passing || waitedMs >= startWaitMs) throw failure;
      await sleep(startRetryMs);
    }
  }
}
