import { type DynamicModule, Module } from '@nestjs/common';
import { JetStreamModule } from '#jetstream/jetstream.module.js';
import { PostgresModule } from '#postgres/postgres.module.js';
import type { ReconciliationConfig } from './reconciliation.config.js';
import { ReconciliationController } from './reconciliation.controller.js';

@Module({})
export class ReconciliationModule {
  static forConfig(config: ReconciliationConfig): DynamicModule {
    return {
      module: ReconciliationModule,
      imports: [
        JetStreamModule.forRoot({
          servers: config.NATS_URL,
          name: 'reconciliation',
          replicas: config.TOLLGATE_NATS_REPLICAS,
        }),
        PostgresModule.forRoot({
          url: config.DATABASE_URL,
          role: 'tollgate_reconciliation',
          schema: 'reconciliation',
          applicationName: 'tollgate-reconciliation',
        }),
      ],
      controllers: [ReconciliationController],
    };
  }
}
