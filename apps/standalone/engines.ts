import { join } from 'node:path';
import { startNats } from '#embedded/nats.js';
import { startPostgres } from '#embedded/postgres.js';
import type { Ports } from './addresses.js';
import { checkout } from './checkout.js';
import type { DataDir, Secrets } from './data-dir.js';
import type { Running } from './keep-running.js';

export interface EngineSettings {
  readonly data: DataDir;
  readonly secrets: Secrets;
  readonly ports: Ports;
  readonly report: (line: string) => void;
}

export async function startOwnPostgres({ data, secrets, ports }: EngineSettings): Promise<Running> {
  const postgres = await startPostgres({
    dataDir: data.postgres,
    port: ports.postgres,
    logFile: data.logOf('postgres'),
    ownerPassword: secrets.postgresPassword,
    superuserPassword: secrets.postgresSuperuserPassword,
  });
  return { ...postgres, ready: Promise.resolve() };
}

export async function startOwnNats({ data, secrets, ports, report }: EngineSettings): Promise<Running> {
  const nats = await startNats({
    dataDir: data.nats,
    port: ports.nats,
    logFile: data.logOf('nats'),
    password: secrets.natsPassword,
    toolsDir: join(checkout, '.tollgate/tools'),
    report,
  });
  return { ...nats, ready: Promise.resolve() };
}

export function ownPostgresUrl({ secrets, ports }: EngineSettings): string {
  return `postgresql://tollgate:${secrets.postgresPassword}@127.0.0.1:${ports.postgres}/tollgate`;
}

export function ownNatsUrl({ secrets, ports }: EngineSettings): string {
  return `nats://tollgate:${secrets.natsPassword}@127.0.0.1:${ports.nats}`;
}
