import { setTimeout as wait } from 'node:timers/promises';
import { request } from 'undici';
import { z } from 'zod';
import { callControl, type ControlApi } from './control-api.js';
import { DemoFailure } from './demo-failure.js';
import { demoEnvironments, demoTeams } from './plan-request.js';

export interface DemoOrganisation {
  readonly id: string;
  /** In the order of `keyIndex` in plan-request.ts. */
  readonly keys: readonly string[];
}

export const demoCurrency = 'USD';
const startingBalance = '10000';

/** A new organisation for this run alone, so that its totals are the run's. Teams go by their names. */
export async function createDemoOrganisation(control: ControlApi, id: string): Promise<DemoOrganisation> {
  const create = <Answer extends z.ZodType>(path: string, body: object, answer: Answer) =>
    callControl(control, { method: 'POST', path, body, answer });
  const created = z.object({ id: z.string() });
  await create('/v1/organisations', { id, name: `Demo ${id}` }, created);
  await callControl(control, {
    method: 'POST',
    path: `/v1/organisations/${id}/wallet/top-ups`,
    headers: { 'idempotency-key': 'demo-start' },
    body: { currency: demoCurrency, amount: startingBalance },
    answer: z.unknown(),
  });
  const keys: string[] = [];
  for (const teamId of demoTeams) {
    await create(`/v1/organisations/${id}/teams`, { id: teamId, name: teamId }, created);
    for (const environment of demoEnvironments) {
      const projectId = `${teamId}-${environment}`;
      await create(`/v1/organisations/${id}/projects`, { id: projectId, teamId, name: projectId }, created);
      const body = { projectId, name: 'demo' };
      keys.push((await create(`/v1/organisations/${id}/keys`, body, z.object({ key: z.string() }))).key);
    }
  }
  return { id, keys };
}

const maxKeyWaitMs = 10_000;
const keyPauseMs = 20;

/** Resolves when the relay knows the keys: they reach it over NATS a moment after control has issued them. */
export async function awaitKeys(relayUrl: string, keys: readonly string[]): Promise<void> {
  const giveUpMs = performance.now() + maxKeyWaitMs;
  for (const key of keys) {
    for (;;) {
      const response = await request(new URL('/v1/models', relayUrl), { headers: { authorization: `Bearer ${key}` } });
      await response.body.dump();
      if (response.statusCode === 200) break;
      if (performance.now() > giveUpMs) {
        throw new DemoFailure(
          `The relay still answers ${response.statusCode} to a key that was issued ${maxKeyWaitMs} ms ago.`,
        );
      }
      await wait(keyPauseMs);
    }
  }
}
