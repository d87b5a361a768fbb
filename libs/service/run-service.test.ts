import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { transformFile } from '@swc/core';
import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** What a service's process did, from outside. */
interface Ended {
  readonly code: number | null;
  readonly ready: boolean;
  readonly log: readonly string[];
}

describe('the life of a service', () => {
  let folder: string;

  // Real processes: the few modules that a service's life needs are compiled for them.
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tollgate-service-'));
    await writeFile(join(folder, 'package.json'), '{"type":"module","imports":{"#*":"./*"}}');
    for (const module of ['service/run-service', 'config/config', 'telemetry/log']) {
      const { code } = await transformFile(`libs/${module}.ts`, { configFile: '.swcrc', sourceMaps: false });
      await mkdir(dirname(join(folder, module)), { recursive: true });
      await writeFile(join(folder, `${module}.js`), code);
    }
  });
  afterAll(() => rm(folder, { recursive: true }));

  let services = 0;
  async function start(body: string, before = ''): Promise<ChildProcess> {
    const main = join(folder, `main-${++services}.js`);
    await writeFile(
      main,
      `import { runService } from '#service/run-service.js';
       import { ConfigError } from '#config/config.js';
       const say = (line) => process.stderr.write(JSON.stringify({ message: line }) + '\\n');
       const forever = setInterval(() => undefined, 1000);
       const closed = async () => { say('closed'); };
       ${before}
       runService('ledger', async () => { ${body} });`,
    );
    return fork(main, { stdio: ['ignore', 'ignore', 'pipe', 'ipc'], execArgv: [] });
  }

  async function life(child: ChildProcess, act: (child: ChildProcess) => void = () => undefined): Promise<Ended> {
    let output = '';
    child.stderr?.on('data', (chunk: Buffer) => (output += chunk.toString()));
    let ready = false;
    child.on('message', (message) => {
      ready = JSON.stringify(message) === '{"type":"ready"}';
      act(child);
    });
    // Not 'close': Node does not emit it for a child that was disconnected while it handled a message.
    const [[code]] = (await Promise.all([once(child, 'exit'), once(child.stderr!, 'end')])) as [
      [number | null],
      unknown,
    ];
    const lines = output.split('\n').filter((line) => line !== '');
    return { code, ready, log: lines.map((line) => (JSON.parse(line) as { message: string }).message) };
  }

  it('tells that it is ready, and drains on SIGTERM', async () => {
    const ended = await life(await start('return { close: closed };'), (child) => child.kill('SIGTERM'));
    expect(ended).toEqual({
      code: 0,
      ready: true,
      log: ['ledger is ready.', 'ledger drains: SIGTERM.', 'closed'],
    });
  });

  it('drains once, however often it is told to', async () => {
    const ended = await life(await start('return { close: closed };'), (child) => {
      child.kill('SIGINT');
      child.kill('SIGTERM');
      child.disconnect();
    });
    expect(ended.code).toBe(0);
    expect(ended.log.filter((line) => line === 'closed')).toHaveLength(1);
  });

  it('drains and ends when its supervisor is gone', async () => {
    const ended = await life(await start('return { close: closed };'), (child) => child.disconnect());
    expect(ended.code).toBe(0);
    expect(ended.log).toEqual(['ledger is ready.', 'ledger drains: the supervisor is gone.', 'closed']);
  });

  it('drains and ends when its supervisor died before it began', async () => {
    const child = await start('return { close: closed };', 'await new Promise((loaded) => setTimeout(loaded, 500));');
    child.disconnect();
    const ended = await life(child);
    expect(ended.code).toBe(0);
    expect(ended.log).toEqual(['ledger drains: the supervisor is gone.', 'closed']);
  });

  it('ends with 1 and the reason when it cannot start', async () => {
    const cause = "new Error('connect ECONNREFUSED 127.0.0.1:8083')";
    const ended = await life(await start(`throw new Error('No PostgreSQL.', { cause: ${cause} });`));
    expect(ended).toEqual({
      code: 1,
      ready: false,
      log: ['ledger could not start: No PostgreSQL. (connect ECONNREFUSED 127.0.0.1:8083)'],
    });
  });

  it('says each wrong variable in a line of its own', async () => {
    const ended = await life(await start("throw new ConfigError('A is missing.\\nB is missing.');"));
    expect(ended).toEqual({ code: 1, ready: false, log: ['A is missing.', 'B is missing.'] });
  });

  it.each([
    ['rejection', "void Promise.reject(new Error('lost'));"],
    ['error', "setImmediate(() => { throw new Error('lost'); });"],
  ])('ends with 1 after a %s that nobody handled', async (what, fault) => {
    const ended = await life(await start(`${fault} return { close: closed };`));
    expect(ended.code).toBe(1);
    expect(ended.log.at(-1)).toBe(
      `ledger stops because of a${what === 'error' ? 'n' : ''} ${what} that nobody handled: lost`,
    );
  });

  it('ends with 1 when it is not drained in time', async () => {
    const ended = await life(await start('return { close: () => new Promise(() => undefined) };'), (child) =>
      child.kill('SIGTERM'),
    );
    expect(ended.code).toBe(1);
    expect(ended.log.at(-1)).toBe('ledger did not drain: it was still busy after 10000 ms');
  });
});
