import { execFile, spawnSync } from 'node:child_process';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { EngineFailure } from './engine-failure.js';

export interface NatsBinary {
  readonly path: string;
  readonly version: NatsVersion;
}

export interface NatsVersion {
  readonly major: number;
  readonly minor: number;
}

const run = promisify(execFile);

/** Pull consumers and KV as we use them. */
const oldest: NatsVersion = { major: 2, minor: 9 };
/** PATH first. Debian installs to sbin, which is on root's PATH only; Homebrew's folder is on none by default. */
const places = ['nats-server', '/usr/sbin/nats-server', '/usr/local/bin/nats-server', '/opt/homebrew/bin/nats-server'];

const advice =
  'install it (Debian, Ubuntu: apt-get install nats-server; macOS: brew install nats-server; others: https://github.com/nats-io/nats-server/releases) or set NATS_URL';

/**
 * Looks for nats-server on this machine, else gets it from the system's package manager.
 * @param toolsDir where a package is unpacked: nothing is installed into the system, and no service starts.
 */
export async function findNatsServer(toolsDir: string, report: (step: string) => void): Promise<NatsBinary> {
  const unpacked = join(toolsDir, 'usr/sbin/nats-server');
  const found = firstUsable([...places, unpacked]);
  if (found !== undefined) return found;
  report('nats-server is not installed: getting it from the package manager');
  if (process.platform === 'darwin') await run('brew', ['install', 'nats-server']).catch(giveUp);
  else await unpackDebianPackage(toolsDir).catch(giveUp);
  const fetched = firstUsable([...places, unpacked]);
  if (fetched === undefined) throw new EngineFailure(`nats-server is missing: ${advice}.`);
  return fetched;
}

function giveUp(cause: unknown): never {
  throw new EngineFailure(`nats-server is missing and the package manager did not provide it: ${advice}.`, { cause });
}

function firstUsable(paths: readonly string[]): NatsBinary | undefined {
  const installed = paths.flatMap((path) => {
    const version = versionOf(path);
    return version === undefined ? [] : [{ path, version }];
  });
  const usable = installed.find(({ version }) => isAtLeast(version, oldest));
  const [tooOld] = installed;
  if (usable === undefined && tooOld !== undefined) {
    throw new EngineFailure(
      `${tooOld.path} is version ${tooOld.version.major}.${tooOld.version.minor}, and Tollgate needs ${oldest.major}.${oldest.minor} or newer: ${advice}.`,
    );
  }
  return usable;
}

function versionOf(path: string): NatsVersion | undefined {
  const shown = spawnSync(path, ['--version'], { encoding: 'utf8' });
  const [, major, minor] = /v(\d+)\.(\d+)/.exec(shown.stdout ?? '') ?? [];
  return major === undefined || minor === undefined ? undefined : { major: Number(major), minor: Number(minor) };
}

export function isAtLeast(version: NatsVersion, least: NatsVersion): boolean {
  return version.major > least.major || (version.major === least.major && version.minor >= least.minor);
}

/** Needs no root where the package lists are there; apt checks the signature. */
async function unpackDebianPackage(toolsDir: string): Promise<void> {
  await mkdir(toolsDir, { recursive: true });
  const download = () => run('apt-get', ['download', 'nats-server'], { cwd: toolsDir });
  await download().catch(async () => {
    await run('apt-get', ['update']);
    await download();
  });
  const archive = (await readdir(toolsDir)).find((name) => /^nats-server_.*\.deb$/.test(name));
  if (archive === undefined) throw new EngineFailure(`apt-get left no package in ${toolsDir}.`);
  await run('dpkg', ['-x', join(toolsDir, archive), toolsDir]);
}
