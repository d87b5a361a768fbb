import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { SwaggerModule } from '@nestjs/swagger';
import { logger } from '#telemetry/log.js';
import { ChannelDirectory } from './channels/channel-directory.js';
import type { ControlConfig } from './control.config.js';
import { ControlModule } from './control.module.js';
import { seedDemo } from './demo/seed-demo.js';
import { createHttpServer } from './http-server.js';
import { KeyDirectory } from './keys/key-directory.js';
import { createDocument } from './openapi/document.js';

/** Resolves when the API listens, the relays know every key and channel and the demo organisation is there where it is wanted. */
export async function startControl(config: ControlConfig): Promise<NestFastifyApplication> {
  const app = await NestFactory.create<NestFastifyApplication>(ControlModule.forRoot(config), createHttpServer(), {
    logger: logger('control', config.TOLLGATE_LOG_LEVEL),
    bodyParser: false,
    abortOnError: false,
  });
  // Fastify takes plain text too, unless told not to.
  app.getHttpAdapter().getInstance().removeContentTypeParser('text/plain');
  SwaggerModule.setup('docs', app, createDocument(app), {
    jsonDocumentUrl: 'openapi.json',
    raw: ['json'],
    customSiteTitle: 'Tollgate API',
    // Swagger UI would otherwise show the document to a validator on the internet.
    swaggerOptions: { validatorUrl: null, persistAuthorization: false },
  });
  await app.listen(config.PORT, config.TOLLGATE_HOST);
  try {
    await seedDemo(app, config);
    await app.get(KeyDirectory).sync();
    await app.get(ChannelDirectory).sync();
    return app;
  } catch (error) {
    await app.close();
    throw error;
  }
}
