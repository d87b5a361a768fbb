import { Agent, createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';

export interface Loopback {
  /** Sends the chunks through a server and a client, and waits for the end. */
  pass(chunks: readonly Buffer[]): Promise<void>;
  close(): Promise<void>;
}

/**
 * What carrying chunks costs who does nothing else with them: one hop of HTTP over the loopback interface. A chunk is
 * written in a turn of its own, so that events do not melt together.
 */
export async function startLoopback(): Promise<Loopback> {
  let sending: readonly Buffer[] = [];
  const server = createServer((_request, response) => {
    void (async () => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      for (const chunk of sending) {
        if (!response.write(chunk)) await new Promise((resolve) => response.once('drain', resolve));
        await turn();
      }
      response.end();
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const agent = new Agent({ keepAlive: true });
  return {
    pass: (chunks) => {
      sending = chunks;
      return new Promise((resolve, reject) => {
        request({ host: '127.0.0.1', port, agent }, (response) => {
          response.on('data', () => undefined);
          response.on('end', resolve);
          response.on('error', reject);
        })
          .on('error', reject)
          .end();
      });
    },
    close: async () => {
      agent.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
