import type { JetStreamClient } from '@nats-io/jetstream';
import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { Server } from 'node:http';
import { JETSTREAM } from '#jetstream/jetstream.module.js';
import { type JsonLogger, logger } from '#telemetry/log.js';
import { LeaseKeeper } from './admit/lease-keeper.js';
import { RateKeeper } from './admit/rate-keeper.js';
import { BatchWatcher } from './batches/batch-watcher.js';
import { ChannelTable } from './channels/channel-table.js';
import { AttemptsInFlight } from './forward/attempts-in-flight.js';
import { abandonedJournals, adoptJournal } from './journal/adopt-journals.js';
import { Journal } from './journal/journal.js';
import { recoverAttempts } from './journal/recover-attempts.js';
import { publishUsageOver } from './publish/publish-usage.js';
import { Publisher } from './publish/publisher.js';
import type { RelayConfig } from './relay.config.js';
import { RelayModule } from './relay.module.js';
import { HealthChecks } from './route/health-checks.js';
import { Front } from './server/front.js';
import { httpServer, listen } from './server/http-server.js';
import { Snapshots } from './snapshots/snapshots.js';

/** Within the time that a service has to drain: what is open by then is cut off, what is unpublished is in the journal. */
const DRAIN_ATTEMPTS_MS = 6_000;
const DRAIN_EVENTS_MS = 2_000;
const GIVE_BACK_MS = 2_000;

export interface RunningRelay {
  readonly url: string;
  close(): Promise<void>;
}

/** Nest wires the rooms together; the requests themselves do not pass through it. */
export async function startRelay(config: RelayConfig): Promise<RunningRelay> {
  const log = logger('relay', config.TOLLGATE_LOG_LEVEL);
  const app = await NestFactory.createApplicationContext(RelayModule.forConfig(config, log), {
    logger: log,
    abortOnError: false,
  });
  await recoverAttempts(app.get(Journal), app.get(Publisher), log);
  adoptJournals(app, config, log);
  app.get(HealthChecks).start();
  const server = httpServer(app.get(Front).serve);
  const url = await listen(server, config.PORT, config.TOLLGATE_HOST);
  await app.get(Snapshots).loaded;
  app.get(BatchWatcher).start();
  return { url, close: () => drain(app, server) };
}

/** In the background: it may take until JetStream is there. */
function adoptJournals(app: INestApplicationContext, config: RelayConfig, log: JsonLogger): void {
  const publish = publishUsageOver(app.get<JetStreamClient>(JETSTREAM));
  const folders = abandonedJournals({
    journalDir: config.TOLLGATE_JOURNAL_DIR,
    relayId: config.TOLLGATE_RELAY_ID,
    workers: config.TOLLGATE_RELAY_WORKERS,
  });
  for (const folder of folders) {
    adoptJournal(folder, publish, log).catch((error: unknown) =>
      log.error(`The journal ${folder} of a former worker is not recovered: the next start tries again.`, error),
    );
  }
}

async function drain(app: INestApplicationContext, server: Server): Promise<void> {
  server.close();
  await app.get(AttemptsInFlight).settleAll(DRAIN_ATTEMPTS_MS);
  server.closeIdleConnections();
  await Promise.all([
    app.get(Publisher).stop(DRAIN_EVENTS_MS),
    app.get(LeaseKeeper).stop(GIVE_BACK_MS),
    app.get(RateKeeper).stop(GIVE_BACK_MS),
    app.get(BatchWatcher).stop(DRAIN_EVENTS_MS),
    app.get(HealthChecks).stop(),
  ]);
  app.get(Snapshots).stop();
  app.get(ChannelTable).close();
  await app.get(Journal).close();
  // All that is left is owed nothing: a client that sends its request for ever would keep the relay from its exit.
  server.closeAllConnections();
  await app.close();
}
