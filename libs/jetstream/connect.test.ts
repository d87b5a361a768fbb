import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { startNats } from '#embedded/nats.js';
import type { RunningNats } from '#embedded/nats.js';
import { freePort } from '#embedded/ports.js';
import { connectNats } from './connect.js';

describe('the connection to NATS', () => {
  let folder: string;
  let port: number;
  let server: RunningNats | undefined;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tollgate-nats-'));
    port = await freePort();
  });
  afterAll(async () => {
    await server?.stop();
    await rm(folder, { recursive: true });
  });

  const start = async () => {
    server = await startNats({
      dataDir: join(folder, 'nats'),
      logFile: join(folder, 'nats.log'),
      toolsDir: join(process.cwd(), '.tollgate/tools'),
      port,
      password: 'p/a:s@s',
    });
  };
  const url = (password: string) => `nats://tollgate:${encodeURIComponent(password)}@127.0.0.1:${port}`;

  it('waits for a server that comes up later, and takes user and password from the address', async () => {
    const connecting = connectNats({ servers: url('p/a:s@s'), name: 'test' });
    await delay(500);
    await start();
    const connection = await connecting;
    expect(connection.getServer()).toBe(`127.0.0.1:${port}`);
    await connection.close();
  });

  it('says at once that the credentials are wrong, without showing them', async () => {
    const refused = await connectNats({ servers: url('sk-wrong'), name: 'test' }).catch((error: unknown) => error);
    expect(refused).toEqual(
      new Error(`NATS at 127.0.0.1:${port} refuses user and password: correct them in NATS_URL.`),
    );
  });
});
