import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { NestFactory } from '@nestjs/core';
import { logger } from '#telemetry/log.js';
import { AttemptsInFlight } from './forward/attempts-in-flight.js';
import { Journal } from './journal/journal.js';
import { recoverAttempts } from './journal/recover-attempts.js';
import { Publisher } from './publish/publisher.js';
import { refuseConnection } from './receive/refuse-connection.js';
import type { RelayConfig } from './relay.config.js';
import { RelayModule } from './relay.module.js';
import { Snapshots } from './snapshots/snapshots.js';

/** Every way in which a client can hold something of ours has an end. */
const MAX_CLIENT_CONNECTIONS = 20_000;
const HEADERS_TIMEOUT_MS = 15_000;
const REQUEST_TIMEOUT_MS = 60_000;
const MAX_HEADER_BYTES = 16 * 1024;
/** No byte either way: longer than an upstream may think. */
const IDLE_CONNECTION_MS = 660_000;
const KEEP_ALIVE_MS = 72_000;

/** Within the time that a service has to drain: what is open by then is cut off, what is unpublished is in the journal. */
const DRAIN_ATTEMPTS_MS = 6_000;
const DRAIN_EVENTS_MS = 2_000;

export interface RunningRelay {
  readonly url: string;
  close(): Promise<void>;
}

export async function startRelay(config: RelayConfig): Promise<RunningRelay> {
  const log = logger('relay', config.TOLLGATE_LOG_LEVEL);
  const app = await NestFactory.create<NestFastifyApplication>(RelayModule.forConfig(config, log), httpServer(), {
    logger: log,
    bodyParser: false,
    abortOnError: false,
  });
  takeBodiesAsTheyCome(app);
  await recoverAttempts(app.get(Journal), app.get(Publisher), log);
  await app.listen(config.PORT, config.TOLLGATE_HOST);
  await app.get(Snapshots).loaded;
  return { url: await app.getUrl(), close: () => drain(app) };
}

function httpServer(): FastifyAdapter {
  return new FastifyAdapter({
    skipMiddie: true,
    forceCloseConnections: 'idle',
    connectionTimeout: IDLE_CONNECTION_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    http: { headersTimeout: HEADERS_TIMEOUT_MS, maxHeaderSize: MAX_HEADER_BYTES },
    clientErrorHandler: refuseConnection,
  });
}

/** A body is read by its handler, after the key is known to be good. */
function takeBodiesAsTheyCome(app: NestFastifyApplication): void {
  const fastify = app.getHttpAdapter().getInstance();
  fastify.server.maxConnections = MAX_CLIENT_CONNECTIONS;
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser('*', (_request, _payload, done) => done(null));
}

async function drain(app: NestFastifyApplication): Promise<void> {
  const { server } = app.getHttpAdapter().getInstance();
  server.close();
  await app.get(AttemptsInFlight).settleAll(DRAIN_ATTEMPTS_MS);
  server.closeIdleConnections();
  await app.get(Publisher).stop(DRAIN_EVENTS_MS);
  app.get(Snapshots).stop();
  await app.get(Journal).close();
  // All that is left is owed nothing: a client that sends its request for ever would keep the relay from its exit.
  server.closeAllConnections();
  await app.close();
}
