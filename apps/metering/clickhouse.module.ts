import { setTimeout as delay } from 'node:timers/promises';
import { ClickHouseError } from '@clickhouse/client';
import { type DynamicModule, Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import { type ClickHouse, type ClickHouseTarget, connectClickHouse } from '#clickhouse/connect.js';
import { migrateClickHouse } from '#clickhouse/migrate.js';

const startWaitMs = 30_000;
const startRetryMs = 500;

export const CLICKHOUSE = Symbol('CLICKHOUSE');

/** Provides ClickHouse, migrated, and closes it after the transports. */
@Module({})
export class ClickHouseModule implements OnApplicationShutdown {
  constructor(@Inject(CLICKHOUSE) private readonly clickhouse: ClickHouse) {}

  static forRoot(target: ClickHouseTarget): DynamicModule {
    return {
      module: ClickHouseModule,
      global: true,
      providers: [{ provide: CLICKHOUSE, useFactory: () => open(target) }],
      exports: [CLICKHOUSE],
    };
  }

  async onApplicationShutdown(): Promise<void> {
    await this.clickhouse.close();
  }
}

async function open(target: ClickHouseTarget): Promise<ClickHouse> {
  const clickhouse = connectClickHouse(target);
  await waitForAnswer(clickhouse);
  await migrateClickHouse(clickhouse);
  return clickhouse;
}

/**
 * Waits up to 30 s for a server that is starting.
 * @throws Error at once when waiting cannot help, such as on a wrong password.
 */
async function waitForAnswer(clickhouse: ClickHouse): Promise<void> {
  for (let waitedMs = 0; ; waitedMs += startRetryMs) {
    try {
      await clickhouse.query('SELECT 1');
      return;
    } catch (error) {
      if (error instanceof ClickHouseError) throw error;
      if (waitedMs >= startWaitMs) {
        throw new Error(
          `ClickHouse did not answer within ${startWaitMs / 1000} s: start it, or correct CLICKHOUSE_URL.`,
          { cause: error },
        );
      }
      await delay(startRetryMs);
    }
  }
}
