import { AuthorizationError, connect } from '@nats-io/transport-node';
import type { NatsConnection } from '@nats-io/transport-node';
import { Logger } from '@nestjs/common';
import { setTimeout as delay } from 'node:timers/promises';

/** How long the first connection may take: at a cold start the server comes up beside the apps. */
export const FIRST_CONNECTION_MAX_MS = 30_000;
const RETRY_MS = 250;
const DIAL_TIMEOUT_MS = 5_000;
/** Two unanswered pings tell a hung server: a socket alone does not. */
const PING_INTERVAL_MS = 10_000;

/**
 * Connects to NATS and from then on reconnects for ever, so that an app outlives any outage of its broker.
 * @param o.servers one or more `nats://user:password@host:port`, separated by commas.
 * @throws when there is no first connection within 30 s, and at once when the credentials are refused. The message shows addresses, never credentials.
 */
export async function connectNats(o: { servers: string; name: string }): Promise<NatsConnection> {
  const urls = o.servers.split(',').map((server) => new URL(server.trim()));
  const [first] = urls;
  const deadline = Date.now() + FIRST_CONNECTION_MAX_MS;
  for (;;) {
    try {
      const connection = await connect({
        servers: urls.map((url) => url.host),
        name: o.name,
        ...(first?.username
          ? { user: decodeURIComponent(first.username), pass: decodeURIComponent(first.password) }
          : {}),
        ...(first?.protocol === 'tls:' ? { tls: {} } : {}),
        maxReconnectAttempts: -1,
        reconnectTimeWait: RETRY_MS,
        timeout: DIAL_TIMEOUT_MS,
        pingInterval: PING_INTERVAL_MS,
        ignoreAuthErrorAbort: true,
      });
      void logOutages(connection);
      return connection;
    } catch (error) {
      const where = urls.map((url) => url.host).join(', ');
      if (error instanceof AuthorizationError) {
        throw new Error(`NATS at ${where} refuses user and password: correct them in NATS_URL.`, { cause: error });
      }
      if (Date.now() + RETRY_MS < deadline) {
        await delay(RETRY_MS);
        continue;
      }
      throw new Error(
        `No NATS server answered at ${where} within ${FIRST_CONNECTION_MAX_MS / 1000} s: start nats-server -js there or correct NATS_URL.`,
        { cause: error },
      );
    }
  }
}

async function logOutages(connection: NatsConnection): Promise<void> {
  const log = new Logger('nats');
  for await (const status of connection.status()) {
    if (status.type === 'disconnect') log.warn(`Lost the NATS server at ${status.server}; connecting again.`);
    if (status.type === 'reconnect') log.log(`Connected again to the NATS server at ${status.server}.`);
  }
}
