import { type DynamicModule, Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import { type ClickHouse, type ClickHouseTarget, connectClickHouse } from '#clickhouse/connect.js';
import { migrateClickHouse } from '#clickhouse/migrate.js';

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
  await migrateClickHouse(clickhouse);
  return clickhouse;
}
