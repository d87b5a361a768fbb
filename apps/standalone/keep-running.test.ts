import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { startChild } from '#embedded/child.js';
import { isRunning } from '#embedded/leftover.js';
import { keepRunning, type Running } from './keep-running.js';

let folder: string;
let pids: number[];
let reports: string[];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tollgate-keep-'));
  [pids, reports] = [[], []];
});
afterEach(() => rm(folder, { recursive: true }));

async function run(script: string): Promise<Running> {
  const logFile = join(folder, 'log');
  const child = await startChild({ command: process.execPath, args: ['-e', script], logFile });
  return { ...child, ready: Promise.resolve(), stop: () => child.stop('SIGTERM', 5_000) };
}

function keep(start: () => Promise<Running>) {
  return keepRunning({ name: 'it', start, onStart: (pid) => pids.push(pid), report: (line) => reports.push(line) });
}

const forever = 'setInterval(() => undefined, 1000)';
const isAlive = (pid: number | undefined) => isRunning({ pid: pid ?? 0, mark: process.execPath });

describe('a process that is kept running', () => {
  it('is started again when it is killed, and not when it is stopped', async () => {
    const kept = keep(() => run(forever));
    await kept.ready;
    process.kill(pids[0] ?? 0, 'SIGKILL');
    while (pids.length < 2) await sleep(10);
    expect(reports).toEqual(['it ended (SIGKILL) and is started again.']);

    await kept.stop();
    expect(await isAlive(pids[1])).toBe(false);
    await sleep(300);
    expect(pids).toHaveLength(2);
  });

  it('is started more and more slowly when it ends at once', async () => {
    const startedMs: number[] = [];
    const kept = keep(() => {
      startedMs.push(performance.now());
      return run('process.exit(3)');
    });
    while (startedMs.length < 4) await sleep(10);
    await kept.stop();
    const pauses = startedMs.slice(1).map((at, index) => at - (startedMs[index] ?? 0));
    expect(pauses[2]).toBeGreaterThan(400);
    expect(reports[0]).toBe('it ended (exit code 3) and is started again.');
  });

  it('is tried again when a later start fails, and says why', async () => {
    let starts = 0;
    const kept = keep(() => {
      starts += 1;
      return starts === 2 ? Promise.reject(new Error('the disk is full')) : run(forever);
    });
    await kept.ready;
    process.kill(pids[0] ?? 0, 'SIGKILL');
    while (pids.length < 2) await sleep(10);
    expect(reports).toEqual([
      'it ended (SIGKILL) and is started again.',
      'it ended (the disk is full) and is started again.',
    ]);
    await kept.stop();
  });

  it('is given up when its first start fails', async () => {
    const kept = keep(() => Promise.reject(new Error('no such program')));
    await expect(kept.ready).rejects.toThrow('no such program');
    await kept.stop();
    expect(reports).toEqual([]);
  });

  it('can be stopped before it is ready', async () => {
    const kept = keep(async () => ({ ...(await run(forever)), ready: new Promise<void>(() => undefined) }));
    while (pids.length < 1) await sleep(10);
    await kept.stop();
    expect(await isAlive(pids[0])).toBe(false);
  });
});
