import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { generateTrace } from './generate-trace.js';
import { replayTrace, type ReplaySpeed } from './replay-trace.js';

const keys = Array.from({ length: 8 }, (_, index) => `key-${index}`);
const servers: Server[] = [];

async function listen(answer: RequestListener): Promise<string> {
  const server = createServer((request, response) => {
    request.resume().on('end', () => answer(request, response));
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

function replay(relayUrl: string, requests: number, speed: ReplaySpeed = 'max') {
  let answers = 0;
  const target = { relayUrl, keys, speed, onAnswer: () => (answers += 1) };
  return replayTrace(generateTrace(requests), target).then((result) => ({ ...result, answers }));
}

describe('a replay', () => {
  it('sends every row once with the key that its place gives', async () => {
    const seen: unknown[] = [];
    const url = await listen((request, response) => {
      seen.push(request.headers['x-api-key'] ?? request.headers.authorization);
      response.end('{}');
    });
    const result = await replay(url, 100);
    expect(result).toMatchObject({ requests: 100, answers: 100, failedRequests: 0, retriedConnections: 0 });
    expect(seen).toHaveLength(100);
    expect(new Set(seen.map((key) => String(key).replace('Bearer ', ''))).size).toBe(8);
  });

  it('counts what was not answered 200, with an example of the reason', async () => {
    const url = await listen((request, response) => {
      if (request.url === '/v1/messages') response.statusCode = 429;
      response.end('{"error":{"message":"Slow down."}}');
    });
    const result = await replay(url, 14);
    expect(result.failedRequests).toBe(6);
    expect([...result.failures]).toEqual([['/v1/messages answered 429', { count: 6, example: 'Slow down.' }]]);
  });

  it('sends a request again when its connection broke, before or within the answer, and counts that', async () => {
    let calls = 0;
    const url = await listen((_request, response) => {
      calls += 1;
      if (calls === 1) response.destroy();
      else if (calls === 2) response.write('half', () => response.destroy());
      else response.end('{}');
    });
    const result = await replay(url, 5);
    expect(result).toMatchObject({ requests: 5, failedRequests: 0, retriedConnections: 2 });
    expect(calls).toBe(7);
  });

  it('keeps the distances of the trace, divided by the speed', async () => {
    const url = await listen((_request, response) => response.end('{}'));
    const rows = generateTrace(20);
    const traceSeconds = ((rows.at(-1)?.atMs ?? 0) - (rows[0]?.atMs ?? 0)) / 1000;
    const { seconds } = await replay(url, 20, 10);
    expect(seconds).toBeGreaterThanOrEqual(traceSeconds / 10 - 0.002);
  });
});
