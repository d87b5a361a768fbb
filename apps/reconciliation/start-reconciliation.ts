import { NestFactory } from '@nestjs/core';
import type { INestMicroservice } from '@nestjs/common';
import type { AsyncMicroserviceOptions } from '@nestjs/microservices';
import { jetStreamTransport } from '#jetstream/jetstream.module.js';
import { logger } from '#telemetry/log.js';
import type { ReconciliationConfig } from './reconciliation.config.js';
import { ReconciliationModule } from './reconciliation.module.js';

export async function startReconciliation(config: ReconciliationConfig): Promise<INestMicroservice> {
  const app = await NestFactory.createMicroservice<AsyncMicroserviceOptions>(ReconciliationModule.forConfig(config), {
    ...jetStreamTransport,
    logger: logger('reconciliation', config.TOLLGATE_LOG_LEVEL),
    abortOnError: false,
  });
  await app.listen();
  return app;
}
