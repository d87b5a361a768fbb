import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { Decimal } from 'decimal.js';
import { chargeEvent, type ChargeEvent } from '#contracts/charge.js';
import { usageEvent, type UsageEvent } from '#contracts/usage-event.js';
import { generateTrace } from '#apps/standalone/demo/generate-trace.js';
import { planRequest, writeRequest, type PlannedRequest } from '#apps/standalone/demo/plan-request.js';
import { inputTokens, outputTokens } from '#usage/usage.js';
import { priceByHand } from '../oracles/price-by-hand.js';
import { eventually } from '../support/eventually.js';
import { startInstance, type Instance } from '../support/instance.js';
import { readLog } from '../support/read-log.js';

let instance: Instance;
beforeAll(async () => void (instance = await startInstance()), 120_000);
afterAll(() => instance.stop());

const requestCount = 3_000;
const concurrency = 16;
const victims = ['relay', 'pricing', 'ledger', 'metering', 'reconciliation', 'control', 'nats', 'postgres'];

/** What a client knows: the requests whose whole answer it got. */
type Answered = Map<string, PlannedRequest>;

/** Sends every request until its whole answer has arrived, whatever breaks meanwhile. */
async function replay(plans: readonly PlannedRequest[], onAnswer: (share: number) => void): Promise<Answered> {
  const answered: Answered = new Map();
  let next = 0;
  const client = async () => {
    for (let index = next++; index < plans.length; index = next++) {
      const plan = plans[index] as PlannedRequest;
      const { path, headers, body } = writeRequest(plan, instance.demoKey);
      for (;;) {
        try {
          const answer = await fetch(new URL(path, instance.relayUrl), { method: 'POST', headers, body });
          await answer.text();
          if (answer.status === 200) {
            answered.set(answer.headers.get('x-request-id') ?? 'none', plan);
            break;
          }
          // Only "not now" may be answered; anything else would be a fault of its own.
          if (answer.status !== 503) throw new Error(`The relay answered ${answer.status}.`, { cause: 'status' });
        } catch (error) {
          if ((error as Error).cause === 'status') throw error;
        }
        await sleep(100);
      }
      onAnswer(answered.size / plans.length);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, client));
  return answered;
}

const distinct = <Event extends { id: string }>(events: readonly Event[]) =>
  new Map(events.map((one) => [one.id, one]));

describe('with every process killed once during a replay', () => {
  let answered: Answered;
  let usage: Map<string, UsageEvent>;
  let charges: Map<string, ChargeEvent>;
  let run: Awaited<ReturnType<Instance['reconcile']>>;

  beforeAll(async () => {
    const plans = generateTrace(requestCount, 7).map((row, index) => planRequest(index, row));
    const due = [...victims];
    let killing = Promise.resolve();
    answered = await replay(plans, (share) => {
      // The victims fall one after the other, spread over the replay, while requests go on.
      const victim = share > (victims.length - due.length + 1) / (victims.length + 2) ? due.shift() : undefined;
      if (victim !== undefined) killing = killing.then(() => instance.kill(victim));
    });
    await killing;
    expect(due).toEqual([]);
    // The last victims may still be starting, and the relay publishes again what NATS took with it.
    await eventually(async () => {
      run = await instance.reconcile('demo');
      expect(run.counts.accepted).toBeGreaterThanOrEqual(answered.size);
    }, 60_000);
    usage = distinct(await readLog(instance.natsUrl, 'USAGE', usageEvent));
    charges = distinct(await readLog(instance.natsUrl, 'CHARGES', chargeEvent));
  }, 600_000);

  it('every answered request is on the log exactly once, with the usage that the client was told', () => {
    const requests = [...usage.values()].map(({ data }) => data.requestId);
    expect(new Set(requests).size).toBe(requests.length);
    const byRequest = new Map([...usage.values()].map((event) => [event.data.requestId, event]));
    for (const [requestId, plan] of answered) {
      const [segment] = byRequest.get(requestId)?.data.usage.segments ?? [];
      expect(segment && { in: inputTokens(segment), out: outputTokens(segment) }).toEqual({
        in: plan.inputTokens,
        out: plan.outputTokens,
      });
    }
    expect(answered.size).toBe(requestCount);
  });

  it('every event has one fate, and the counts sum', () => {
    const fates = { charged: 0, suspended: 0, voided: 0 };
    for (const id of usage.keys()) fates[charges.get(id)?.data.rating.status as keyof typeof fates] += 1;
    expect(charges.size).toBe(usage.size);
    expect(run.counts).toEqual({ accepted: usage.size, quarantined: 0, ...fates });
    // Only what was under way when the relay died is unknown.
    expect(fates.suspended).toBeLessThanOrEqual(concurrency);
  });

  it('the ledger holds each charge once, at the price computed by hand', async () => {
    const byRequest = new Map([...usage.values()].map((event) => [event.data.requestId, event.id]));
    let expected = new Decimal(0);
    for (const [requestId, plan] of answered) {
      const rating = charges.get(byRequest.get(requestId) ?? '')?.data.rating;
      expect(rating).toMatchObject({ status: 'charged', amount: priceByHand(plan).toFixed() });
      expected = expected.plus(priceByHand(plan));
    }
    // Answers that the relay had settled and no client saw whole: the upstream bills them, so do we.
    const charged = [...charges.values()].flatMap(({ data }) =>
      data.rating.status === 'charged' ? [data.rating] : [],
    );
    const all = charged.reduce((sum, { amount }) => sum.plus(amount), new Decimal(0));
    expect(charged.length - answered.size).toBeLessThanOrEqual(concurrency);
    expect(all.gte(expected)).toBe(true);

    const { data } = await instance.control('GET', '/v1/organisations/demo/ledger/accounts');
    const revenue = data.filter(({ name }: { name: string }) => name.startsWith('usage-revenue:'));
    const booked = revenue.reduce((sum: Decimal, row: { balance: string }) => sum.plus(row.balance), new Decimal(0));
    expect(booked.toFixed()).toBe(all.toFixed());
  });

  it('all sources agree: 0 ppm', () => {
    expect(run).toMatchObject({ status: 'balanced', grossErrorPpm: 0, breakCount: 0 });
  });
});
