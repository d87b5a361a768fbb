import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { refuseConnection } from '../receive/refuse-connection.js';

/** Every way in which a client can hold something of ours has an end. */
const MAX_CLIENT_CONNECTIONS = 20_000;
const HEADERS_TIMEOUT_MS = 15_000;
const REQUEST_TIMEOUT_MS = 60_000;
const MAX_HEADER_BYTES = 16 * 1024;
/** No byte either way: longer than an upstream may think. */
const IDLE_CONNECTION_MS = 660_000;
const KEEP_ALIVE_MS = 72_000;

/** Node's own server. */
export function httpServer(listener: RequestListener): Server {
  const server = createServer(
    {
      headersTimeout: HEADERS_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      keepAliveTimeout: KEEP_ALIVE_MS,
      maxHeaderSize: MAX_HEADER_BYTES,
    },
    listener,
  );
  server.maxConnections = MAX_CLIENT_CONNECTIONS;
  server.setTimeout(IDLE_CONNECTION_MS);
  server.on('clientError', refuseConnection);
  return server;
}

/** @returns the URL under which it can be reached from this machine. */
export async function listen(server: Server, port: number, host: string): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  const { address, family, port: given } = server.address() as AddressInfo;
  const wildcard = address === '0.0.0.0' || address === '::';
  if (wildcard) return `http://127.0.0.1:${given}`;
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${given}`;
}
