import { NestFactory } from '@nestjs/core';
import type { AsyncMicroserviceOptions } from '@nestjs/microservices';
import { jetStreamTransport } from '#jetstream/jetstream.module.js';
import { logger } from '#telemetry/log.js';
import type { MeteringConfig } from './metering.config.js';
import { MeteringModule } from './metering.module.js';

export async function startMetering(config: MeteringConfig): Promise<{ close(): Promise<void> }> {
  const app = await NestFactory.createMicroservice<AsyncMicroserviceOptions>(MeteringModule.forRoot(config), {
    ...jetStreamTransport,
    logger: logger('metering', config.TOLLGATE_LOG_LEVEL),
    abortOnError: false,
  });
  await app.listen();
  return app;
}
