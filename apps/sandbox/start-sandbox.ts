import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { logger } from '#telemetry/log.js';
import type { SandboxConfig } from './sandbox.config.js';
import { SandboxModule } from './sandbox.module.js';

/** As much as the largest prompts need, and no more than one process holds a hundred times. */
const maxBodyBytes = 32 * 1024 * 1024;

export async function startSandbox(config: SandboxConfig): Promise<{ url: string; close(): Promise<void> }> {
  const app = await NestFactory.create<NestFastifyApplication>(
    SandboxModule.forFolder(config.TOLLGATE_SANDBOX_BODIES),
    // An answer that was told to take minutes does not hold up the end of the process.
    new FastifyAdapter({ bodyLimit: maxBodyBytes, forceCloseConnections: true }),
    { logger: logger('sandbox', config.TOLLGATE_LOG_LEVEL) },
  );
  // The answer follows from the bytes of the request, so they are taken as they came.
  app.useBodyParser('application/json', { bodyLimit: maxBodyBytes }, (_request, body, done) => done(null, body));
  await app.listen(config.PORT, config.TOLLGATE_HOST);
  return { url: await app.getUrl(), close: () => app.close() };
}
