import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { lstat, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { isRunning } from './leftover.js';
import { freePort } from './ports.js';
import { createSymlinks } from './postgres-binaries.js';
import { type PostgresOptions, type RunningPostgres, startPostgres } from './postgres.js';

let folder: string;
let options: PostgresOptions;
const started: RunningPostgres[] = [];

beforeEach(async () => {
  // Nobody but its owner may enter it, as with a clone below $(mktemp -d): root's PostgreSQL, too, must get through.
  folder = await mkdtemp(join(tmpdir(), 'tollgate-embedded-'));
  options = {
    dataDir: join(folder, 'postgres'),
    logFile: join(folder, 'postgres.log'),
    port: await freePort(),
    superuserPassword: 'test',
    ownerPassword: 'test',
    durable: false,
  };
});
afterEach(async () => {
  await Promise.all(started.splice(0).map((postgres) => postgres.stop()));
  await rm(folder, { recursive: true });
});

async function start(changed: Partial<PostgresOptions> = {}): Promise<RunningPostgres> {
  const postgres = await startPostgres({ ...options, ...changed });
  started.push(postgres);
  return postgres;
}

describe('PostgreSQL left running by a killed supervisor', () => {
  it('is stopped by the next start on its folder', async () => {
    const left = await start();
    const next = await start();
    expect(await left.exited).toEqual({ code: 0, signal: null });
    expect(next.pid).not.toBe(left.pid);
  });

  it('is not mistaken for a stranger that has its pid by now', async () => {
    await (await start()).kill();
    await writeFile(join(options.dataDir, 'postmaster.pid'), `${process.pid}\n`);
    const postgres = await start();
    expect(await readFile(join(options.dataDir, 'postmaster.pid'), 'utf8')).toMatch(new RegExp(`^${postgres.pid}\n`));
  });

  // Elsewhere the kernel knows no such bond, and the next start does it.
  const onLinux = process.platform === 'linux' ? it : () => undefined;
  onLinux('ends with the process that started it, even on SIGKILL', async () => {
    const hooks = new URL('../../test/support/typescript-hooks.mjs', import.meta.url);
    const typescript = `data:text/javascript,import{register}from'node:module';register('${hooks.href}')`;
    const fixture = join(import.meta.dirname, 'engine.fixture.ts');
    const { dataDir, logFile, port } = options;
    const supervisor = spawn(process.execPath, ['--import', typescript, fixture, dataDir, logFile, String(port)]);
    const [pid] = (await once(supervisor.stdout, 'data')) as [Buffer];
    const server = { pid: Number(pid.toString()), mark: dataDir };
    expect(await isRunning(server)).toBe(true);
    supervisor.kill('SIGKILL');
    while (await isRunning(server)) await sleep(20);
  });
});

describe('a folder that PostgreSQL cannot use', () => {
  it('is refused when it holds something else, which stays as it is', async () => {
    await mkdir(options.dataDir);
    await writeFile(join(options.dataDir, 'letter.txt'), 'Dear Postgres');
    await expect(start()).rejects.toThrow(`${options.dataDir} is no Postgres data folder`);
    expect(await readFile(join(options.dataDir, 'letter.txt'), 'utf8')).toBe('Dear Postgres');
  });

  it('is refused when it is a file', async () => {
    await writeFile(options.dataDir, '');
    await expect(start()).rejects.toThrow(`Cannot read the Postgres data folder ${options.dataDir}`);
  });

  it('is refused with the reason in the log when it is damaged', async () => {
    await (await start()).stop();
    await rm(join(options.dataDir, 'global/pg_control'));
    await expect(start()).rejects.toThrow(
      /did not start on .*could not find the database system \(log: .*postgres\.log\)/,
    );
  });

  it('is refused when its passwords are others', async () => {
    await (await start()).stop();
    await expect(start({ superuserPassword: 'other' })).rejects.toThrow(/restore the secrets\.json/);
    // It is not left running either.
    expect(existsSync(join(options.dataDir, 'postmaster.pid'))).toBe(false);
  });
});

describe('the libraries of the package', () => {
  it('get the links that a skipped install script did not make', async () => {
    await mkdir(join(folder, 'native/lib'), { recursive: true });
    await writeFile(join(folder, 'native/lib/libone.so.1.2'), '');
    const links = [{ source: 'native/lib/libone.so.1.2', target: 'native/lib/libone.so.1' }];
    await writeFile(join(folder, 'native/pg-symlinks.json'), JSON.stringify(links));
    await createSymlinks(folder);
    await createSymlinks(folder);
    expect((await lstat(join(folder, 'native/lib/libone.so.1'))).isSymbolicLink()).toBe(true);
    expect(await readFile(join(folder, 'native/lib/libone.so.1'), 'utf8')).toBe('');
  });
});
