// What it costs of CPU to decide about a request: who asks, by which policies, where it goes, and what is held for it. In
// the relay's own rooms as the relay wires them; only the attempt that would follow is left out.
import { NestFactory } from '@nestjs/core';
import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { loadConfig } from '#config/config.js';
import { Refusal } from '#protocols/error-body.js';
import { logger } from '#telemetry/log.js';
import { Attempts } from '../../apps/relay/attempts.js';
import { findOperation } from '../../apps/relay/operations/find-operation.js';
import { RelayRequest } from '../../apps/relay/relay-request.js';
import { relayConfig } from '../../apps/relay/relay.config.js';
import { RelayModule } from '../../apps/relay/relay.module.js';
import { Snapshots } from '../../apps/relay/snapshots/snapshots.js';
import { bodies, connections, limitedKey } from './load.js';

const warmUps = 5_000;
const perRound = 1_000;
const decisions = Number(process.argv[2]);

const config = loadConfig(relayConfig);
const log = logger('relay', config.TOLLGATE_LOG_LEVEL);
const app = await NestFactory.createApplicationContext(RelayModule.forConfig(config, log), { logger: log });
await app.get(Snapshots).loaded;

let decided = 0;
const noAttempt = { answer: { isReplaceable: false, finish: () => true }, end: { sent: true, clientLeft: false } };
app.get(Attempts).run = ({ held }) => {
  decided += 1;
  held.release();
  return Promise.resolve(noAttempt as unknown as Awaited<ReturnType<Attempts['run']>>);
};

const requests = app.get(RelayRequest);
const found = findOperation('POST', '/v1/chat/completions');
if (found instanceof Refusal) throw new Error(found.message);

const sockets = Array.from({ length: connections }, () =>
  Object.defineProperty(new Socket(), 'remoteAddress', { value: '127.0.0.1' }),
);
const body = Buffer.from(bodies.bounded);
const headers = {
  ...{ host: 'relay', 'content-type': 'application/json', 'content-length': String(body.length) },
  authorization: `Bearer ${limitedKey}`,
};

/** As Node's server hands it over. */
function exchange(socket: Socket) {
  const request = Object.assign(new IncomingMessage(socket), { method: 'POST', url: '/v1/chat/completions', headers });
  request.push(body);
  request.push(null);
  request.complete = true;
  return { request, response: new ServerResponse(request) };
}

/** @returns the CPU of all decisions, in ms. */
async function decide(times: number): Promise<number> {
  let cpuUs = 0;
  for (let done = 0; done < times; done += perRound) {
    const exchanges = Array.from({ length: perRound }, (_, at) => exchange(sockets[at % connections]!));
    const before = process.cpuUsage();
    for (const one of exchanges) await requests.relay(found as Exclude<typeof found, Refusal>, one);
    const { user, system } = process.cpuUsage(before);
    cpuUs += user + system;
  }
  return cpuUs / 1000;
}

await decide(warmUps);
decided = 0;
const cpuMs = await decide(decisions);
if (decided < decisions) throw new Error(`Of ${decisions} requests only ${decided} came as far as their attempt.`);
process.send?.({ cpuMs: cpuMs / decided });
