import { type DynamicModule, Module } from '@nestjs/common';
import { JetStreamModule } from '#jetstream/jetstream.module.js';
import { ClickHouseModule } from './clickhouse.module.js';
import { clickHouseTarget, type MeteringConfig } from './metering.config.js';
import { ProjectionController } from './projection.controller.js';
import { QueriesController } from './queries.controller.js';

@Module({ controllers: [ProjectionController, QueriesController] })
export class MeteringModule {
  static forRoot(config: MeteringConfig): DynamicModule {
    return {
      module: MeteringModule,
      imports: [
        JetStreamModule.forRoot({
          servers: config.NATS_URL,
          name: 'metering',
          replicas: config.TOLLGATE_NATS_REPLICAS,
        }),
        ClickHouseModule.forRoot(clickHouseTarget(config)),
      ],
    };
  }
}
