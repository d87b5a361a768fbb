import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chown, mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { type Account, unprivilegedAccount } from './account.js';
import { type Child, type Exit, lastLine, setpriv, startChild } from './child.js';
import { codeOf, EngineFailure } from './engine-failure.js';
import { stopLeftover } from './leftover.js';
import { findPostgresBinaries, type PostgresBinaries } from './postgres-binaries.js';

export interface PostgresOptions {
  readonly dataDir: string;
  readonly port: number;
  readonly logFile: string;
  readonly superuserPassword: string;
  /** Of `tollgate`, who owns the database and is what a managed Postgres gives: no superuser. */
  readonly ownerPassword: string;
  /** False lets a crash of the machine, not of a process, lose data: for tests. */
  readonly durable?: boolean;
}

export interface RunningPostgres {
  /** The database `tollgate`, as its owner. */
  readonly url: string;
  readonly pid: number;
  readonly exited: Promise<Exit>;
  readonly stop: () => Promise<void>;
  /** SIGKILL, as a crash would. */
  readonly kill: () => Promise<void>;
}

const readyWithinMs = 60_000;
const pollMs = 20;
const stopWithinMs = 20_000;
/** A killed server's backends take a moment to notice and to let go of its shared memory. */
const startAttempts = 20;
const retryMs = 250;
/** What our own early connections are told is not why a start failed. */
const failureLine = /(PANIC|FATAL): +(?!the database system is starting up)|postgres: (?!.*LOG)/;

/** Starts PostgreSQL on `dataDir`, creating the cluster, the login and the database first where they are missing. */
export async function startPostgres(options: PostgresOptions): Promise<RunningPostgres> {
  await requireClusterOrNothing(options.dataDir);
  const binaries = await findPostgresBinaries();
  const account = await unprivilegedAccount(options.dataDir, [binaries.postgres, dirname(options.dataDir)]);
  if (!existsSync(join(options.dataDir, 'PG_VERSION'))) await createCluster(options, binaries, account);
  else if (account !== undefined) await handOver(options.dataDir, account);
  await stopLeftover(join(options.dataDir, 'postmaster.pid'), options.dataDir, 'SIGINT');
  const child = await startServer(options, binaries, account);
  try {
    await ensureOwner(options);
  } catch (error) {
    await child.kill();
    throw error;
  }
  return {
    url: `postgresql://tollgate:${options.ownerPassword}@127.0.0.1:${options.port}/tollgate`,
    pid: child.pid,
    exited: child.exited,
    // Fast shutdown: sessions are ended, everything is written.
    stop: () => child.stop('SIGINT', stopWithinMs),
    kill: () => child.kill(),
  };
}

async function requireClusterOrNothing(dataDir: string): Promise<void> {
  const content = await readdir(dataDir).catch((error: unknown): string[] => {
    if (codeOf(error) === 'ENOENT') return [];
    throw new EngineFailure(`Cannot read the Postgres data folder ${dataDir}: ${String(error)}.`, { cause: error });
  });
  if (content.length === 0 || content.includes('PG_VERSION')) return;
  throw new EngineFailure(
    `${dataDir} is no Postgres data folder (PG_VERSION is missing): restore it or move it away, or give another folder with --data.`,
  );
}

/** Built beside its place and moved there when whole, so that an interrupted first start leaves nothing half made. */
async function createCluster(
  { dataDir, superuserPassword, durable = true }: PostgresOptions,
  { initdb }: PostgresBinaries,
  account: Account | undefined,
): Promise<void> {
  const draft = `${dataDir}.new`;
  const passwordFile = join(draft, 'password');
  await rm(draft, { recursive: true, force: true });
  const cluster = join(draft, basename(dataDir));
  await mkdir(cluster, { recursive: true, mode: 0o700 });
  await writeFile(passwordFile, superuserPassword, { mode: 0o600 });
  for (const path of [draft, cluster, passwordFile]) if (account) await chown(path, account.uid, account.gid);
  const args = [`--pgdata=${cluster}`, '--username=postgres', `--pwfile=${passwordFile}`, '--encoding=UTF8'];
  args.push('--auth-host=scram-sha-256', '--auth-local=reject', '--no-instructions');
  // The same order of text on every machine, whatever its language.
  args.push('--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8');
  if (!durable) args.push('--no-sync');
  const [file, before] = account && setpriv ? [setpriv, [...account.identity, initdb]] : [initdb, []];
  const made = spawnSync(file, [...before, ...args], { cwd: '/', encoding: 'utf8' });
  if (made.status !== 0) {
    throw new EngineFailure(`Cannot create the Postgres data folder ${dataDir}: ${made.stderr.trim()}`);
  }
  await rename(cluster, dataDir);
  await rm(draft, { recursive: true });
}

/** A folder copied by root belongs to root: PostgreSQL needs it to be its own. */
async function handOver(dataDir: string, { uid, gid }: Account): Promise<void> {
  if ((await stat(dataDir)).uid === uid) return;
  const done = spawnSync('chown', ['-R', `${uid}:${gid}`, dataDir], { encoding: 'utf8' });
  if (done.status !== 0) throw new EngineFailure(`Cannot give ${dataDir} to user id ${uid}: ${done.stderr.trim()}`);
}

async function startServer(
  options: PostgresOptions,
  { postgres }: PostgresBinaries,
  account: Account | undefined,
): Promise<Child> {
  for (let attempt = 1; ; attempt += 1) {
    const child = await startChild({
      command: postgres,
      args: ['-D', options.dataDir, ...settingsOf(options)],
      logFile: options.logFile,
      identity: account?.identity ?? [],
    });
    const isReady = await becomesReady(child, options).catch(async (error: unknown) => {
      await child.stop('SIGINT', stopWithinMs);
      throw error;
    });
    if (isReady) return child;
    const reason = await lastLine(options.logFile, failureLine);
    if (!reason.includes('shared memory block') || attempt === startAttempts) {
      throw new EngineFailure(`PostgreSQL did not start on ${options.dataDir}: ${reason} (log: ${options.logFile})`);
    }
    await sleep(retryMs);
  }
}

function settingsOf({ port, durable = true }: PostgresOptions): string[] {
  const settings = {
    port,
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: 100,
    shared_buffers: '256MB',
    max_wal_size: '2GB',
    fsync: durable ? 'on' : 'off',
    synchronous_commit: 'on',
    jit: 'off',
    timezone: 'UTC',
    log_timezone: 'UTC',
    // A failing statement's text may hold what nobody should read in a log.
    log_min_error_statement: 'panic',
  };
  return Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}

/** False when the server ended instead. */
async function becomesReady(child: Child, options: PostgresOptions): Promise<boolean> {
  let ended = false;
  void child.exited.then(() => (ended = true));
  for (let waitedMs = 0; waitedMs < readyWithinMs; waitedMs += pollMs) {
    if (ended) return false;
    const outcome = await withSuperuser(options, () => Promise.resolve('ready')).catch(startupCode);
    if (outcome === 'ready') return true;
    await sleep(pollMs);
  }
  await child.kill();
  return false;
}

/** Refused or "starting up" (57P03) pass with time; anything else does not. */
function startupCode(error: unknown): string {
  const code = codeOf(error) ?? '';
  if (['ECONNREFUSED', 'ECONNRESET', '57P03'].includes(code)) return code;
  if (code === '28P01') {
    throw new EngineFailure(
      'The Postgres data folder was made with another password: restore the secrets.json that belongs to it.',
      { cause: error },
    );
  }
  throw error;
}

async function ensureOwner(options: PostgresOptions): Promise<void> {
  await withSuperuser(options, async (client) => {
    const roles = await client.query("SELECT FROM pg_roles WHERE rolname = 'tollgate'");
    const password = client.escapeLiteral(options.ownerPassword);
    if (roles.rowCount === 0) await client.query(`CREATE ROLE tollgate LOGIN CREATEROLE CREATEDB PASSWORD ${password}`);
    const databases = await client.query("SELECT FROM pg_database WHERE datname = 'tollgate'");
    if (databases.rowCount === 0) await client.query('CREATE DATABASE tollgate OWNER tollgate');
  });
}

async function withSuperuser<T>(
  { port, superuserPassword }: PostgresOptions,
  use: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const client = new pg.Client({
    host: '127.0.0.1',
    port,
    user: 'postgres',
    password: superuserPassword,
    database: 'postgres',
  });
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end();
  }
}
