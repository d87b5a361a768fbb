import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { RequestListener, Server } from 'node:http';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { httpServer, listen } from '../server/http-server.js';

let server: Server;
let url: string;
let answer: RequestListener;
beforeEach(async () => {
  server = httpServer((request, response) => answer(request, response));
  url = await listen(server, 0, '127.0.0.1');
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const REQUEST = 'GET / HTTP/1.1\r\nhost: relay\r\n\r\n';
const NO_REQUEST = 'no request\r\n\r\n';

/** @returns all that came back until the connection was closed. */
async function exchange(pieces: readonly string[]): Promise<string> {
  const { port, hostname } = new URL(url);
  const socket = connect(Number(port), hostname);
  let received = '';
  socket.on('data', (chunk) => (received += chunk.toString()));
  const closed = new Promise((resolve) => socket.on('error', () => undefined).on('close', resolve));
  for (const piece of pieces) {
    socket.write(piece);
    await delay(100);
  }
  await closed;
  return received;
}

describe('what is no request', () => {
  it('is refused in a sentence on a connection of its own', async () => {
    const received = await exchange([NO_REQUEST]);
    expect(received).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
    expect(received).toContain('What was sent is not an HTTP/1.1 request.');
  });

  it('is refused behind an answer that has ended', async () => {
    answer = (_request, response) => response.end('well');
    const received = await exchange([REQUEST, NO_REQUEST]);
    expect(received.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 400']);
  });

  it('never gets into a stream that is on its way: that is cut off', async () => {
    answer = (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write('data: one\n\n');
    };
    const received = await exchange([REQUEST, NO_REQUEST]);
    expect(received).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(received).toMatch(/data: one\n\n\r\n$/);
    expect(received).not.toContain('HTTP/1.1 400');
  });
});
