import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { isRunning, type Recorded } from '#embedded/leftover.js';
import { testNats } from '#testing/nats.js';
import { testPostgres } from '#testing/postgres.js';
import { eventually } from '../support/eventually.js';
import { type Instance, startInstance } from '../support/instance.js';

let data: string;
beforeAll(async () => void (data = await mkdtemp(join(tmpdir(), 'tollgate-start-'))));
afterAll(() => rm(data, { recursive: true }));

const recorded = z.object({ pid: z.number(), mark: z.string() });

/** The supervisor and every child. */
async function processes(): Promise<Recorded[]> {
  const text = await readFile(join(data, 'instance.json'), 'utf8');
  const instance = z
    .object({ supervisor: recorded, processes: z.record(z.string(), recorded) })
    .parse(JSON.parse(text));
  return [instance.supervisor, ...Object.values(instance.processes)];
}

async function running(all: readonly Recorded[]): Promise<Recorded[]> {
  const alive = await Promise.all(all.map(isRunning));
  return all.filter((_, at) => alive[at]);
}

/** What the banner says works as pasted: its indented lines, in blocks. */
function pasteable(output: string): string[] {
  const blocks = output.split(/\n\n+/).filter((block) => block.startsWith('    '));
  return blocks.map((block) => block.replace(/^ {4}/gm, ''));
}

function paste(block: string): { status: number | null; stdout: string; stderr: string } {
  if (block.startsWith('curl'))
    return spawnSync('bash', ['-c', block.replace('curl -s', 'curl -sS --fail')], { encoding: 'utf8' });
  return spawnSync(process.execPath, ['--input-type=module'], { input: block, encoding: 'utf8' });
}

describe('a started Tollgate', () => {
  let instance: Instance;
  let charged: number;

  it('prints lines that work as pasted', async () => {
    instance = await startInstance({ data });
    const blocks = pasteable(instance.output());
    expect(blocks).toHaveLength(5);
    for (const block of blocks) expect(paste(block)).toMatchObject({ status: 0, stderr: '' });
    ({ charged } = await instance.counts('demo'));
    expect(charged).toBe(3);
  }, 120_000);

  it.each(['relay', 'control', 'pricing', 'ledger', 'metering', 'reconciliation', 'sandbox', 'nats', 'postgres'])(
    'heals by itself when %s is killed',
    async (name) => {
      await instance.kill(name);
      await eventually(async () => {
        const answer = await instance.relay('/v1/messages', {
          model: 'claude-haiku-4-5',
          max_tokens: 5,
          messages: [{ role: 'user', content: 'Hello' }],
        });
        expect(answer.status).toBe(200);
      }, 10_000);
      charged += 1;
      await eventually(async () => expect(await instance.counts('demo')).toMatchObject({ charged }), 20_000);
    },
    60_000,
  );

  it('ends on Ctrl-C with 0, and nothing is left running', async () => {
    const all = await processes();
    expect(await running(all)).toHaveLength(10);
    expect(await instance.interrupt()).toBe(0);
    expect(await running(all)).toEqual([]);
    expect(existsSync(join(data, 'instance.json'))).toBe(false);
  }, 60_000);

  it('goes on with its data, and starts again after the supervisor itself was killed', async () => {
    instance = await startInstance({ data });
    expect(await instance.counts('demo')).toMatchObject({ charged });
    const all = await processes();
    process.kill(all[0]?.pid ?? 0, 'SIGKILL');

    instance = await startInstance({ data });
    expect(await running(all)).toEqual([]);
    expect(await instance.counts('demo')).toMatchObject({ charged });
    expect(await instance.interrupt()).toBe(0);
  }, 120_000);
});

describe('a Tollgate that is given its engines', () => {
  it('uses them, starts none, and outlasts an outage of both', async () => {
    const [nats, postgres] = await Promise.all([testNats(), testPostgres()]);
    const instance = await startInstance({ environment: { NATS_URL: nats.url, DATABASE_URL: postgres.url } });
    expect(instance).toMatchObject({ natsUrl: nats.url, databaseUrl: postgres.url });
    expect(existsSync(join(instance.data, 'nats'))).toBe(false);
    expect(existsSync(join(instance.data, 'postgres'))).toBe(false);

    await Promise.all([nats.kill(), postgres.kill()]);
    await sleep(2_000);
    await Promise.all([nats.restart(), postgres.restart()]);
    await eventually(async () => expect(await instance.counts('demo')).toMatchObject({ accepted: 0 }), 20_000);

    await instance.stop();
    await Promise.all([nats.stop(), postgres.stop()]);
  }, 120_000);
});
