import { mkdir, mkdtemp, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { portsFrom, requireFreePorts } from './addresses.js';
import { findDataDir, limitLog, openDataDir, readSecrets } from './data-dir.js';
import { claimInstance, findRunning, type InstanceFile, releaseInstance } from './instance-file.js';

let folder: string;
beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), 'tollgate-data-'))));
afterEach(() => rm(folder, { recursive: true }));

it('a data folder that is only read is not made', async () => {
  const missing = join(folder, 'missing');
  expect(() => findDataDir(missing)).toThrow(`There is no data folder ${missing}`);
  await expect(stat(missing)).rejects.toMatchObject({ code: 'ENOENT' });
  expect(findDataDir(folder)).toMatchObject({ path: folder, instance: join(folder, 'instance.json') });
});

describe('the secrets of a data folder', () => {
  it('are made once, for their owner only', async () => {
    const data = await openDataDir(join(folder, 'new/deep'));
    const secrets = await readSecrets(data);
    expect(await readSecrets(data)).toEqual(secrets);
    expect(new Set(Object.values(secrets)).size).toBe(7);
    expect((await stat(join(data.path, 'secrets.json'))).mode & 0o777).toBe(0o600);
  });

  it('of an earlier version get the key that they lack, once', async () => {
    const data = await openDataDir(folder);
    const { secretsKey: _, ...earlier } = await readSecrets(data);
    await writeFile(join(folder, 'secrets.json'), JSON.stringify(earlier));
    const secrets = await readSecrets(data);
    expect(secrets).toEqual({ ...earlier, secretsKey: expect.any(String) });
    expect(await readSecrets(data)).toEqual(secrets);
  });

  it('are not made anew beside data that needs the lost ones', async () => {
    const data = await openDataDir(folder);
    await mkdir(data.postgres);
    await expect(readSecrets(data)).rejects.toThrow(/secrets\.json is missing.*restore it/);
  });

  it.each(['', '{"keyPepper":', '{"keyPepper":"short"}'])('are not replaced when damaged: %j', async (text) => {
    const data = await openDataDir(folder);
    await writeFile(join(folder, 'secrets.json'), text);
    await expect(readSecrets(data)).rejects.toThrow(/secrets\.json is damaged/);
    expect(await readFile(join(folder, 'secrets.json'), 'utf8')).toBe(text);
  });
});

describe('a data folder', () => {
  it('that is a file is refused in one sentence', async () => {
    const path = join(folder, 'file');
    await writeFile(path, '');
    await expect(openDataDir(path)).rejects.toThrow(`The data folder ${path} cannot be used (`);
  });

  it('starts a log anew when it has grown large, and keeps the one before', async () => {
    const log = (await openDataDir(folder)).logOf('relay');
    await writeFile(log, 'small');
    await limitLog(log);
    expect(await readFile(log, 'utf8')).toBe('small');
    await truncate(log, 50 * 1024 * 1024 + 1);
    await limitLog(log);
    expect((await stat(`${log}.1`)).size).toBe(50 * 1024 * 1024 + 1);
    await expect(stat(log)).rejects.toThrow('ENOENT');
  });
});

describe('an instance', () => {
  const instance = (pid: number): InstanceFile => ({
    supervisor: { pid, mark: process.execPath },
    status: 'ready',
    startedAt: new Date().toISOString(),
    relayUrl: 'http://127.0.0.1:1',
    controlUrl: 'http://127.0.0.1:2',
    sandboxUrl: 'http://127.0.0.1:3',
    natsUrl: 'nats://127.0.0.1:4',
    databaseUrl: 'postgresql://127.0.0.1:5',
    processes: {},
  });
  /** Above the largest pid that Linux gives. */
  const nobody = 2 ** 22 + 1;

  it('has its folder to itself while it runs', async () => {
    const data = await openDataDir(folder);
    await claimInstance(data, instance(process.pid));
    await expect(claimInstance(data, instance(process.pid))).rejects.toThrow(
      `Tollgate already runs on ${folder} (process ${process.pid}, relay http://127.0.0.1:1, control http://127.0.0.1:2)`,
    );
    await releaseInstance(data);
    expect(await findRunning(data)).toBeUndefined();
  });

  it.each([
    ['a killed one', JSON.stringify(instance(nobody))],
    ['a power cut', '{"supervisor":'],
  ])('takes a folder over from %s', async (_what, text) => {
    const data = await openDataDir(folder);
    await writeFile(data.instance, text);
    expect(await findRunning(data)).toBeUndefined();
    await claimInstance(data, instance(process.pid));
    expect(await findRunning(data)).toMatchObject({ supervisor: { pid: process.pid } });
  });
});

describe('the ports', () => {
  it('that are taken are named with what they are for', async () => {
    const stranger = createServer();
    await new Promise<void>((resolve) => stranger.listen(0, '127.0.0.1', resolve));
    const address = stranger.address();
    const taken = address !== null && typeof address === 'object' ? address.port : 0;
    const ports = { ...portsFrom(20_000), relay: taken, nats: taken };
    await expect(requireFreePorts(ports, { control: false, sandbox: false, postgres: false })).rejects.toThrow(
      `Another program listens on port ${taken} (for relay) and on ${taken} (for nats): stop it, or use`,
    );
    await expect(
      requireFreePorts(ports, { relay: false, control: false, sandbox: false, postgres: false, nats: false }),
    ).resolves.toBeUndefined();
    stranger.close();
  });
});
