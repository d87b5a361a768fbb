import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Kvm } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/transport-node';
import fc from 'fast-check';
import { type RateEntry, rateEntryName } from '#contracts/rate-share.js';
import { buckets } from '#contracts/streams.js';
import { connectNats } from '#jetstream/connect.js';
import { ensureTopology } from '#jetstream/topology.js';
import { Refusal } from '#protocols/error-body.js';
import { testNats, type TestNats } from '#testing/nats.js';
import type { Caller } from '../authenticate/key-directory.js';
import { levelRules } from '../policy/level-rules.js';
import { BrokerClock } from './broker-clock.js';
import { type HeldRates, RateKeeper } from './rate-keeper.js';
import { ScopeRates } from './scope-rates.js';
import { sharedRatesOver } from './shared-rates.js';
import { MINUTE_MS, SLOTS_TTL_MS, takeShare } from './take-share.js';

describe('shares of a limit', () => {
  const limits = { requestsPerMinute: 100, tokensPerMinute: 1_000, concurrency: 7 };
  const rates = fc.record({ requests: fc.nat(60), tokens: fc.nat(700), slots: fc.nat(9) });
  const request = fc.record({ relayId: fc.constantFrom('a', 'b', 'c'), laterMs: fc.nat(20_000), least: rates });

  it('are together never more than it, in any minute, whoever takes how much in whatever order', () => {
    fc.assert(
      fc.property(fc.array(request, { maxLength: 40 }), (requests) => {
        let entry: RateEntry | undefined;
        let nowMs = 0;
        const taken = new Map<number, { requests: number; tokens: number }>();
        for (const { relayId, laterMs, least } of requests) {
          nowMs += laterMs;
          const share = takeShare(entry, { relayId, nowMs, least }, limits);
          entry = share.entry;
          const minute = taken.get(entry.minute) ?? { requests: 0, tokens: 0 };
          minute.requests += share.granted.requests;
          minute.tokens += share.granted.tokens;
          taken.set(entry.minute, minute);
          const open = Object.values(entry.slots).filter(({ untilMs }) => untilMs > nowMs);
          expect(open.reduce((sum, { count }) => sum + count, 0)).toBeLessThanOrEqual(7);
        }
        for (const minute of taken.values()) {
          expect(minute.requests).toBeLessThanOrEqual(100);
          expect(minute.tokens).toBeLessThanOrEqual(1_000);
        }
      }),
    );
  });

  it('of slots come back from a relay that died, and not before', () => {
    const least = { requests: 0, tokens: 0, slots: 7 };
    const { entry } = takeShare(undefined, { relayId: 'dead', nowMs: 0, least }, limits);
    const ask = (nowMs: number) => takeShare(entry, { relayId: 'other', nowMs, least }, limits).granted.slots;
    expect([ask(SLOTS_TTL_MS - 1), ask(SLOTS_TTL_MS)]).toEqual([0, 7]);
  });

  it('are used to the last request, and what a request did not use is there for the next one of its minute', () => {
    const scope = new ScopeRates({ requestsPerMinute: 2, tokensPerMinute: 100 });
    const least = scope.need({ requests: 1, tokens: 60 }, 0);
    expect(scope.take(60, 0)).toBe('requests');
    scope.taken(
      takeShare(undefined, { relayId: 'a', nowMs: 0, least: { ...least, requests: 2, tokens: 100 } }, scope.limits),
      0,
    );
    expect(scope.take(60, 0)).toBeUndefined();
    expect(scope.take(60, 1)).toBe('tokens');
    scope.end(50, 0);
    expect(scope.take(60, 2)).toBeUndefined();
    expect(scope.take(1, 3)).toBe('requests');
    expect(scope.take(1, MINUTE_MS)).toBe('requests');
  });

  it('of a minute that another relay has begun already hold where the clock is behind', () => {
    const least = { requests: 2, tokens: 0, slots: 0 };
    const scope = new ScopeRates({ requestsPerMinute: 2 });
    const { entry } = takeShare(
      undefined,
      { relayId: 'ahead', nowMs: MINUTE_MS, least: { ...least, requests: 0 } },
      scope.limits,
    );
    scope.taken(takeShare(entry, { relayId: 'behind', nowMs: MINUTE_MS - 5, least }, scope.limits), MINUTE_MS - 5);
    expect([MINUTE_MS - 4, MINUTE_MS, MINUTE_MS + 1].map((nowMs) => scope.take(1, nowMs))).toEqual([
      undefined,
      undefined,
      'requests',
    ]);
  });
});

describe('an entry of a relay whose clock is wrong by an hour', () => {
  const limits = { requestsPerMinute: 10, concurrency: 5 };
  const least = { requests: 4, tokens: 0, slots: 3 };
  const hourMs = 60 * MINUTE_MS;

  it('counts in the minute that it is, and not for the hour to come', () => {
    const { entry } = takeShare(undefined, { relayId: 'ahead', nowMs: hourMs, least }, limits);
    const now = takeShare(entry, { relayId: 'a', nowMs: 0, least }, limits);
    expect(now).toMatchObject({ entry: { minute: 0, requests: 8 }, granted: { requests: 4, slots: 3 } });
    const next = takeShare(now.entry, { relayId: 'a', nowMs: MINUTE_MS, least }, limits);
    expect(next).toMatchObject({ entry: { minute: 1, requests: 4 }, granted: { requests: 4 } });
  });

  it('opens no minute again where the clock is behind', () => {
    const { entry } = takeShare(undefined, { relayId: 'a', nowMs: hourMs, least: { ...least, requests: 10 } }, limits);
    const { granted } = takeShare(entry, { relayId: 'behind', nowMs: 0, least }, limits);
    expect(granted.requests).toBe(0);
  });
});

describe('four relays', () => {
  let nats: TestNats;
  let connections: NatsConnection[];
  let relays: RateKeeper[];
  beforeAll(async () => {
    nats = await testNats();
    connections = await Promise.all([0, 1, 2, 3].map(() => connectNats({ servers: nats.url, name: 'rates' })));
    await ensureTopology(connections[0] as NatsConnection);
    const complain = (sentence: string, error: unknown) => {
      throw new Error(sentence, { cause: error });
    };
    relays = connections.map(
      (connection, index) =>
        new RateKeeper(`r${index}`, sharedRatesOver(connection, new BrokerClock(connection, `r${index}`)), complain),
    );
  });
  afterAll(async () => {
    await Promise.all(relays.map((relay) => relay.stop(1_000)));
    await Promise.all(connections.map((connection) => connection.close()));
    await nats.stop();
  });

  const callerWith = (id: string, limits: object): Caller => ({
    ...{ orgId: 'org', teamId: 'team', projectId: 'project', keyId: id },
    policies: [levelRules('key', id, { limits })],
  });
  /** Not across the end of a minute. */
  const inOneMinute = async () => {
    const leftMs = MINUTE_MS - (Date.now() % MINUTE_MS);
    if (leftMs < 5_000) await new Promise((resolve) => setTimeout(resolve, leftMs));
  };
  const relayNamed = (id: string) => {
    const connection = connections[0] as NatsConnection;
    return new RateKeeper(id, sharedRatesOver(connection, new BrokerClock(connection, id)), () => undefined);
  };
  const relayAt = (index: number) => relays[index % 4] as RateKeeper;
  const ask = (caller: Caller, times: number, tokens: number) =>
    Promise.all(Array.from({ length: times }, async (_, index) => relayAt(index).admit(caller, () => tokens)));
  const served = (outcomes: readonly unknown[]) => outcomes.filter((one) => !(one instanceof Refusal)) as HeldRates[];

  it('let no more requests through than the limit per minute, however many come at once', async () => {
    await inOneMinute();
    const caller = callerWith('rpm', { requestsPerMinute: 100 });
    const outcomes = await ask(caller, 400, 10);
    expect(served(outcomes).length).toBeLessThanOrEqual(100);
    expect(served(outcomes).length).toBeGreaterThan(80);
    const refusal = outcomes.find((one) => one instanceof Refusal);
    expect(refusal).toMatchObject({
      code: 'rate_limited',
      message: expect.stringMatching(/^The key "rpm" may have 100 requests per minute: try again in \d+ s\.$/),
    });
    expect(refusal?.retryAfterSeconds).toBeLessThanOrEqual(60);
  });

  it('count each request once, also when one more relay starts within the minute: fault 22', async () => {
    await inOneMinute();
    const caller = callerWith('seeded', { requestsPerMinute: 100 });
    const before = served(await ask(caller, 40, 1)).length;
    expect(before).toBe(40);
    const started = relayNamed('started');
    const times = Array.from({ length: 100 });
    const after = served(await Promise.all(times.map(async () => started.admit(caller, () => 1)))).length;
    const rest = served(await ask(caller, 400, 1)).length;
    // One that began a count of its own would let more through; one that counted all from before again, less.
    expect(before + after + rest).toBeLessThanOrEqual(100);
    expect(before + after + rest).toBeGreaterThan(80);
    await started.stop(1_000);
  });

  it('let no more tokens through than the limit per minute, and count what was used', async () => {
    await inOneMinute();
    const caller = callerWith('tpm', { tokensPerMinute: 1_000 });
    for (let round = 0; round < 3; round += 1) {
      for (const held of served(await ask(caller, 12, 100))) {
        held.sent();
        held.used(10);
        held.end();
      }
    }
    // 36 at 10 are 360, held as 100 each.
    const last = await ask(caller, 100, 100);
    expect(served(last).length).toBeLessThanOrEqual(6);
  });

  it('let no more requests be under way at once than the limit, and the next ones when some have ended', async () => {
    const caller = callerWith('slots', { concurrency: 10 });
    const first = served(await ask(caller, 80, 1));
    expect(first).toHaveLength(10);
    expect(served(await ask(caller, 8, 1))).toHaveLength(0);
    for (const held of first) held.end();
    // Slots that one relay does not use go back within some seconds.
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    const next = served(await ask(caller, 80, 1));
    expect(next).toHaveLength(10);
    for (const held of next) held.end();
    // A relay that stops gives them back at once.
    const leaving = relayNamed('leaving');
    const other = callerWith('left', { concurrency: 1 });
    served([await leaving.admit(other, () => 1)])[0]?.end();
    expect(served(await ask(other, 1, 1))).toHaveLength(0);
    await leaving.stop(1_000);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(served(await ask(other, 1, 1))).toHaveLength(1);
  });

  it.each([1, -1])('go by the broker’s clock, however wrong one’s own is: by %d h', async (hours) => {
    await inOneMinute();
    const caller = callerWith(`clock${hours}`, { requestsPerMinute: 100 });
    const wrong = Date.now() + hours * 3_600_000;
    const clock = jest.spyOn(Date, 'now').mockImplementation(() => wrong);
    const odd = relayNamed('odd');
    const first = served(await Promise.all(Array.from({ length: 5 }, async () => odd.admit(caller, () => 1))));
    clock.mockRestore();
    await odd.stop(0);
    const rates = await new Kvm(connections[0] as NatsConnection).open(buckets.rates);
    const entry = await rates.get(rateEntryName('org', 'key', `clock${hours}`));
    expect(entry?.json<RateEntry>().minute).toBe(Math.floor(Date.now() / MINUTE_MS));
    const others = served(await ask(caller, 400, 1));
    expect(first.length + others.length).toBeLessThanOrEqual(100);
    expect(first.length + others.length).toBeGreaterThan(70);
  });

  it('have nothing to do with a caller that no policy limits', async () => {
    expect(await ask({ ...callerWith('free', {}) }, 4, 1_000_000)).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });
});
