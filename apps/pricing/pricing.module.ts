import { type DynamicModule, Module } from '@nestjs/common';
import { JetStreamModule } from '#jetstream/jetstream.module.js';
import { PostgresModule } from '#postgres/postgres.module.js';
import { PriceBooks } from './price-books.js';
import type { PricingConfig } from './pricing.config.js';
import { PricingController } from './pricing.controller.js';

@Module({})
export class PricingModule {
  static forConfig(config: PricingConfig): DynamicModule {
    return {
      module: PricingModule,
      imports: [
        JetStreamModule.forRoot({ servers: config.NATS_URL, name: 'pricing', replicas: config.TOLLGATE_NATS_REPLICAS }),
        PostgresModule.forRoot({
          url: config.DATABASE_URL,
          role: 'tollgate_pricing',
          schema: 'pricing',
          applicationName: 'tollgate-pricing',
        }),
      ],
      controllers: [PricingController],
      providers: [PriceBooks],
    };
  }
}
