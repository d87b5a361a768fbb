import { NestFactory } from '@nestjs/core';
import type { AsyncMicroserviceOptions } from '@nestjs/microservices';
import { jetStreamTransport } from '#jetstream/jetstream.module.js';
import { logger } from '#telemetry/log.js';
import type { LedgerConfig } from './ledger.config.js';
import { LedgerModule } from './ledger.module.js';

export async function startLedger(config: LedgerConfig): Promise<{ close(): Promise<void> }> {
  const app = await NestFactory.createMicroservice<AsyncMicroserviceOptions>(LedgerModule.forConfig(config), {
    ...jetStreamTransport,
    logger: logger('ledger', config.TOLLGATE_LOG_LEVEL),
    // A failed start is reported in one sentence by runService.
    abortOnError: false,
  });
  await app.listen();
  return app;
}
