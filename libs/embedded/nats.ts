import { mkdir, writeFile } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Child, type Exit, lastLine, startChild } from './child.js';
import { EngineFailure } from './engine-failure.js';
import { stopLeftover } from './leftover.js';
import { findNatsServer, isAtLeast, type NatsVersion } from './nats-binary.js';

export interface NatsOptions {
  readonly dataDir: string;
  readonly port: number;
  readonly logFile: string;
  /** Of the user `tollgate`; without it anyone on this machine may connect. */
  readonly password?: string;
  readonly toolsDir: string;
  readonly report?: (step: string) => void;
}

export interface RunningNats {
  readonly url: string;
  readonly pid: number;
  readonly exited: Promise<Exit>;
  readonly stop: () => Promise<void>;
  /** SIGKILL, as a crash would. */
  readonly kill: () => Promise<void>;
}

const readyWithinMs = 30_000;
const pollMs = 10;
/** Something else on the port may take the connection and say nothing. */
const answerWithinMs = 1_000;
const stopWithinMs = 10_000;

/** Starts nats-server with JetStream on `dataDir`. */
export async function startNats(options: NatsOptions): Promise<RunningNats> {
  const { path, version } = await findNatsServer(options.toolsDir, options.report ?? (() => undefined));
  await mkdir(options.dataDir, { recursive: true, mode: 0o700 });
  const configFile = join(options.dataDir, 'nats-server.conf');
  await stopLeftover(pidFileOf(options), configFile, 'SIGTERM');
  await writeFile(configFile, JSON.stringify(configOf(options, version), null, 2), { mode: 0o600 });
  const child = await startChild({ command: path, args: ['--config', configFile], logFile: options.logFile });
  await waitUntilReady(child, options);
  const login = options.password === undefined ? '' : `tollgate:${options.password}@`;
  return {
    url: `nats://${login}127.0.0.1:${options.port}`,
    pid: child.pid,
    exited: child.exited,
    stop: () => child.stop('SIGTERM', stopWithinMs),
    kill: () => child.kill(),
  };
}

const pidFileOf = ({ dataDir }: NatsOptions) => join(dataDir, 'nats-server.pid');

/** nats-server reads JSON as its configuration language. https://docs.nats.io/running-a-nats-service/configuration */
function configOf(options: NatsOptions, version: NatsVersion): object {
  return {
    server_name: 'tollgate',
    listen: `127.0.0.1:${options.port}`,
    pid_file: pidFileOf(options),
    max_payload: 1024 * 1024,
    ...(options.password === undefined ? {} : { authorization: { user: 'tollgate', password: options.password } }),
    jetstream: {
      store_dir: join(options.dataDir, 'store'),
      // One server has no replica to recover from: an acknowledged message is on the disk. 2.9 cannot be told so.
      ...(isAtLeast(version, { major: 2, minor: 10 }) ? { sync_interval: 'always' } : {}),
    },
  };
}

/** The server says INFO to whoever connects once it is up, JetStream's recovery included. */
async function waitUntilReady(child: Child, { port, logFile, dataDir }: NatsOptions): Promise<void> {
  let ended = false;
  void child.exited.then(() => (ended = true));
  for (let waitedMs = 0; waitedMs < readyWithinMs && !ended; waitedMs += pollMs) {
    if (await saysInfo(port)) return;
    await sleep(pollMs);
  }
  await child.kill();
  const reason = await lastLine(logFile, /\[(FTL|ERR)\]|nats-server:/);
  throw new EngineFailure(`nats-server did not start on ${dataDir}: ${reason} (log: ${logFile})`);
}

function saysInfo(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ port, host: '127.0.0.1' });
    socket.once('data', (data) => {
      resolve(/^INFO .*"jetstream":true/.test(data.toString('latin1')));
      socket.destroy();
    });
    socket.setTimeout(answerWithinMs, () => socket.destroy());
    socket.once('error', () => resolve(false));
    socket.once('close', () => resolve(false));
  });
}
