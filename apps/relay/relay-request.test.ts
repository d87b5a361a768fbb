import { expect, it, jest } from '@jest/globals';
import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { AddressRanges } from '#policy/address-ranges.js';
import type { HeldRates } from './admit/rate-keeper.js';
import { AttemptsInFlight } from './forward/attempts-in-flight.js';
import { findOperation, type FoundOperation } from './operations/find-operation.js';
import { BodyMemory } from './receive/body-memory.js';
import { RelayRequest, type RelayRooms } from './relay-request.js';
import { Vitals } from './route/vitals.js';

const json = { model: 'm', messages: [{ role: 'user', content: 'Hello' }] };

function posted(): IncomingMessage {
  const request = new IncomingMessage(new Socket());
  Object.assign(request, {
    method: 'POST',
    url: '/v1/chat/completions',
    headers: { 'content-type': 'application/json' },
  });
  request.push(JSON.stringify(json));
  request.push(null);
  return request;
}

/** A caller with limits, and one channel for the model. */
function rooms(rates: Promise<HeldRates>) {
  const adapter = { name: 'openai-compatible', apis: { 'openai-chat': '/v1' } };
  const models = new Map([['m', 'm']]);
  const channel = { id: 'c', apis: ['openai-chat'], adapter, origin: 'http://upstream.test', basePath: '', models };
  const candidate = { channel, api: 'openai-chat', upstreamModel: 'm', model: 'm', vitals: new Vitals().of('c', 'm') };
  const plan = { candidates: [candidate], considered: [{ candidate }], rounds: 1, deadlineAtMs: Infinity };
  const hold = jest.fn(() => new Promise<never>(() => undefined));
  const inFlight = new AttemptsInFlight();
  const given = {
    snapshots: { isLoaded: true },
    directory: { authenticate: () => ({ keyId: 'k', orgId: 'o', policies: [] }) },
    trustedProxies: new AddressRanges([]),
    prices: { version: 'v1' },
    router: { plan: () => plan },
    journal: { hasRoom: () => true },
    rates: { admit: () => rates, standings: () => ({}) },
    bodies: new BodyMemory(1024),
    attempts: { hold },
    log: { error: jest.fn() },
    inFlight,
  };
  return { rooms: given as unknown as RelayRooms, hold, inFlight };
}

it('a request that is counted while the relay stops takes no money: nobody would give it back', async () => {
  let admit = (_: HeldRates) => {};
  const { rooms: given, hold, inFlight } = rooms(new Promise((resolve) => (admit = resolve)));
  const request = posted();
  const response = new ServerResponse(request);
  const found = findOperation('POST', '/v1/chat/completions') as FoundOperation;
  const relayed = new RelayRequest(given).relay(found, { request, response });
  await new Promise((resolve) => setTimeout(resolve, 20));
  await inFlight.settleAll(1_000);
  const held = { sent: jest.fn(), used: jest.fn(), end: jest.fn() };
  admit(held);
  await Promise.race([relayed, new Promise((resolve) => setTimeout(resolve, 100))]);
  expect(hold).not.toHaveBeenCalled();
  expect(response.statusCode).toBe(503);
  expect(held.end).toHaveBeenCalledTimes(1);
});
