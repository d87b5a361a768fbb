import { NestFactory } from '@nestjs/core';
import type { INestMicroservice } from '@nestjs/common';
import type { AsyncMicroserviceOptions } from '@nestjs/microservices';
import { jetStreamTransport } from '#jetstream/jetstream.module.js';
import { logger } from '#telemetry/log.js';
import type { PricingConfig } from './pricing.config.js';
import { PricingModule } from './pricing.module.js';

export async function startPricing(config: PricingConfig): Promise<INestMicroservice> {
  const app = await NestFactory.createMicroservice<AsyncMicroserviceOptions>(PricingModule.forConfig(config), {
    ...jetStreamTransport,
    logger: logger('pricing', config.TOLLGATE_LOG_LEVEL),
    abortOnError: false,
  });
  await app.listen();
  return app;
}
