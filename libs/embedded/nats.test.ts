import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { connect } from '@nats-io/transport-node';
import { connectNats } from '#jetstream/connect.js';
import { isAtLeast } from './nats-binary.js';
import { type NatsOptions, type RunningNats, startNats } from './nats.js';
import { freePort } from './ports.js';

let folder: string;
let options: NatsOptions;
const started: RunningNats[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tollgate-embedded-'));
  options = {
    dataDir: join(folder, 'nats'),
    logFile: join(folder, 'nats.log'),
    port: await freePort(),
    password: 'test',
    toolsDir: join(process.cwd(), '.tollgate/tools'),
  };
});
afterEach(async () => {
  await Promise.all(started.splice(0).map((nats) => nats.stop()));
  await rm(folder, { recursive: true });
});

async function start(): Promise<RunningNats> {
  const nats = await startNats(options);
  started.push(nats);
  return nats;
}

describe('nats-server', () => {
  it('lets in who has the password, and nobody else', async () => {
    const { url } = await start();
    await (await connectNats({ servers: url, name: 'test' })).close();
    await expect(connect({ servers: `127.0.0.1:${options.port}` })).rejects.toThrow(/authorization/i);
  });

  it('left running by a killed supervisor is stopped by the next start on its folder', async () => {
    const left = await start();
    const next = await start();
    expect((await left.exited).signal).not.toBe('SIGKILL');
    expect(next.pid).not.toBe(left.pid);
  });

  it('says why it does not start', async () => {
    const stranger = createServer().listen(options.port, '127.0.0.1');
    await expect(start()).rejects.toThrow(/did not start on .*address already in use" \(log: .*nats\.log\)/);
    stranger.close();
  });
});

it('versions are compared part by part', () => {
  expect(isAtLeast({ major: 2, minor: 10 }, { major: 2, minor: 9 })).toBe(true);
  expect(isAtLeast({ major: 3, minor: 0 }, { major: 2, minor: 9 })).toBe(true);
  expect(isAtLeast({ major: 2, minor: 8 }, { major: 2, minor: 9 })).toBe(false);
  expect(isAtLeast({ major: 1, minor: 10 }, { major: 2, minor: 9 })).toBe(false);
});
