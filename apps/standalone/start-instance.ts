import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { loadConfig } from '#config/config.js';
import { migrate } from '#postgres/migrate.js';
import { defaultBasePort, portsFrom, requireFreePorts, urlOf } from './addresses.js';
import { type AppName, appNames, environmentOf, type Surroundings } from './app-environment.js';
import { entryOf, startApp } from './app-process.js';
import { checkout } from './checkout.js';
import { limitLog, openDataDir, readSecrets } from './data-dir.js';
import { type EngineSettings, ownNatsUrl, ownPostgresUrl, startOwnNats, startOwnPostgres } from './engines.js';
import { sandboxChannels } from './sandbox-channels.js';
import { standaloneConfig, type StandaloneConfig } from './standalone.config.js';
import { stopOnSignal } from './stop-on-signal.js';
import { Supervisor } from './supervisor.js';

export interface InstanceOptions {
  /** Default: .tollgate in the checkout. */
  readonly dataDir?: string;
  /** The first of five ports in a row. */
  readonly port?: number;
  /** Told what is done while starting, and what had to be started again later. */
  readonly report?: (line: string) => void;
  /** What a Ctrl-C ends this process with. */
  readonly interruptedExitCode?: number;
}

export interface RunningInstance {
  readonly relayUrl: string;
  readonly controlUrl: string;
  readonly sandboxUrl: string;
  /** With the login. */
  readonly natsUrl: string;
  readonly databaseUrl: string;
  readonly adminToken: string;
  /** Absent when the relay does not know it: the database given by DATABASE_URL has organisations of its own. */
  readonly demoKey?: string;
  stop(): Promise<void>;
}

export const dataPathOf = ({ dataDir }: InstanceOptions) => resolve(dataDir ?? join(checkout, '.tollgate'));

/** Starts the engines that are not given by their URLs, migrates, and starts every app. All or nothing. */
export async function startInstance(options: InstanceOptions): Promise<RunningInstance> {
  const { port = defaultBasePort, report = () => undefined, interruptedExitCode = 0 } = options;
  const config = loadConfig(standaloneConfig);
  const data = await openDataDir(dataPathOf(options));
  const secrets = await readSecrets(data);
  const ports = portsFrom(port);
  const engines = { data, secrets, ports, report };
  const urls = {
    relayUrl: urlOf(ports.relay),
    controlUrl: urlOf(ports.control),
    sandboxUrl: urlOf(ports.sandbox),
    natsUrl: config.NATS_URL ?? ownNatsUrl(engines),
    databaseUrl: config.DATABASE_URL ?? ownPostgresUrl(engines),
  };
  const supervisor = await Supervisor.claim(data, urls, report);
  const forgetSignals = stopOnSignal(supervisor, report, interruptedExitCode);
  const stop = async () => {
    await supervisor.stop();
    forgetSignals();
  };
  try {
    await requireFreePorts(ports, {
      postgres: config.DATABASE_URL === undefined,
      nats: config.NATS_URL === undefined,
    });
    await startEngines(supervisor, engines, config);
    await timed(report, 'migrations', migrate(urls.databaseUrl));
    await startApps(supervisor, { ...engines, ...urls, config });
    const keyWorks = await becomesValid(urls.relayUrl, secrets.demoKey);
    await supervisor.ready();
    return { ...urls, adminToken: secrets.adminToken, ...(keyWorks ? { demoKey: secrets.demoKey } : {}), stop };
  } catch (error) {
    // What fails while a signal stops us is its consequence. Its handler ends the process.
    if (supervisor.stopping) await new Promise<never>(() => undefined);
    await stop();
    throw error;
  }
}

async function startEngines(supervisor: Supervisor, engines: EngineSettings, config: StandaloneConfig): Promise<void> {
  const { data, report } = engines;
  const postgres = async () => {
    await limitLog(data.logOf('postgres'));
    await supervisor.keep('postgres', data.postgres, () => startOwnPostgres(engines));
  };
  const nats = async () => {
    await limitLog(data.logOf('nats'));
    await supervisor.keep('nats', data.nats, () => startOwnNats(engines));
  };
  await Promise.all([
    config.DATABASE_URL ?? timed(report, 'PostgreSQL', postgres()),
    config.NATS_URL ?? timed(report, 'NATS JetStream', nats()),
  ]);
}

/** All at once: each waits by itself for what it needs of the others. */
async function startApps(supervisor: Supervisor, surroundings: Surroundings & EngineSettings): Promise<void> {
  const { data, config, sandboxUrl, report } = surroundings;
  if (config.TOLLGATE_CHANNELS_FILE === undefined) {
    await writeFile(data.channels, JSON.stringify(sandboxChannels(sandboxUrl), null, 2));
  }
  // Who spent what is nobody else's business on a shared machine.
  const ours = { recursive: true, mode: 0o700 };
  await Promise.all([mkdir(data.relayJournal, ours), mkdir(data.clickhouse, ours)]);
  const startOne = async (name: AppName) => {
    const logFile = data.logOf(name);
    await limitLog(logFile);
    const environment = environmentOf(name, surroundings);
    await supervisor.keep(name, entryOf(name), () => startApp({ name, environment, logFile }));
  };
  await timed(report, appNames.join(', '), Promise.all(appNames.map(startOne)));
}

/** Reports a step when it is done, with how long it took. */
async function timed(report: (line: string) => void, what: string, step: Promise<unknown>): Promise<void> {
  const startedMs = performance.now();
  await step;
  report(`  ${((performance.now() - startedMs) / 1000).toFixed(1).padStart(4)} s  ${what}`);
}

const keyWaitMs = 5_000;
const keyPollMs = 50;

/** A key reaches the relay over NATS, a moment after control has seeded it. */
async function becomesValid(relayUrl: string, key: string): Promise<boolean> {
  for (let waitedMs = 0; waitedMs < keyWaitMs; waitedMs += keyPollMs) {
    const response = await fetch(`${relayUrl}/v1/models`, { headers: { authorization: `Bearer ${key}` } });
    if (response.ok) return true;
    await sleep(keyPollMs);
  }
  return false;
}
