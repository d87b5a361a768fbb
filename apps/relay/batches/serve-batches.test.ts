import { expect, it, jest } from '@jest/globals';
import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import type { HeldRates } from '../admit/rate-keeper.js';
import { AttemptsInFlight } from '../forward/attempts-in-flight.js';
import { findOperation, type FoundOperation } from '../operations/find-operation.js';
import { BodyMemory } from '../receive/body-memory.js';
import { type BatchServing, ServeBatches } from './serve-batches.js';

it('a request about batches that is counted while the relay stops is not begun', async () => {
  let admit = (_: HeldRates) => {};
  const counted = new Promise<HeldRates>((resolve) => (admit = resolve));
  const batches = jest.fn(() => Promise.resolve([]));
  const inFlight = new AttemptsInFlight();
  const rooms = {
    authorise: () => ({ keyId: 'k', orgId: 'o', policies: [] }),
    rates: { admit: () => counted },
    store: { batches },
    bodies: new BodyMemory(0),
    inFlight,
  };
  const request = new IncomingMessage(new Socket());
  const response = new ServerResponse(request);
  const found = findOperation('GET', '/v1/batches') as FoundOperation;
  const served = new ServeBatches(rooms as unknown as BatchServing).serve(found, request, response);
  await inFlight.settleAll(1_000);
  const held = { sent: jest.fn(), used: jest.fn(), end: jest.fn() };
  admit(held);
  await served;
  expect(batches).not.toHaveBeenCalled();
  expect(response.statusCode).toBe(503);
  expect(held.end).toHaveBeenCalledTimes(1);
});
