import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { compilePriceBook } from '#rating/compile-price-book.js';
import type { Channel } from '../channels/channel.js';
import type { Candidate } from '../channels/channel-table.js';
import { breakerLimits } from './breaker.js';
import { type Plan, type RoutedCall, Router } from './router.js';
import { type Route, routesSchema, strategies } from './routes-file.js';
import { Turns } from './turns.js';
import { Vitals } from './vitals.js';

const adapter = { name: 'test', apis: {} };

function channel(id: string, differences: Partial<Channel> = {}): Channel {
  const models = new Map([['gpt-4o', 'gpt-4o']]);
  const place = { origin: 'http://127.0.0.1:9', basePath: '', settings: {}, apis: [], models };
  return { id, provider: 'openai', adapter, priority: 0, weight: 1, ...place, ...differences };
}

const tariff = { provider: 'openai', currency: 'USD', source: 'a test', checkedOn: '2026-07-01' };
const price = (provider: string, perToken: string) => ({
  ...tariff,
  provider,
  models: ['gpt-4o'],
  rates: [{ tier: 'standard', aboveInputTokens: 0, unitPrices: { 'in.fresh.text': perToken, 'out.text': perToken } }],
});
const prices = compilePriceBook({
  version: 'test',
  publishedAt: '2026-07-01T00:00:00.000Z',
  tariffs: [price('dear', '0.00001'), price('cheap', '0.000001')],
});

const call: RoutedCall = {
  keyId: 'key_1',
  orgId: 'org_1',
  operation: { api: 'openai-chat' },
  model: 'gpt-4o',
  bytes: 100,
  stream: false,
  json: { messages: [{ role: 'user', content: 'hi' }] },
  metadata: new Map(),
  permits: () => true,
};

function house(channels: readonly Channel[], route: Route = {}, random: () => number = () => 0.5) {
  const vitals = new Vitals();
  const candidates = (_api: unknown, model: string): Candidate[] =>
    channels.flatMap((one) => {
      const upstreamModel = one.models.get(model);
      const [api = 'openai-chat'] = one.apis;
      return upstreamModel === undefined ? [] : [{ channel: one, api, upstreamModel }];
    });
  const router = new Router(routesSchema.parse({ 'gpt-4o': route }), {
    candidates,
    prices: () => prices,
    vitals,
    random,
  });
  return { router, vitals };
}

const order = ({ candidates }: Plan) => candidates.map((one) => one.channel.id);

function fail(vitals: Vitals, id: string, nowMs = 0): void {
  const { begin, end } = { begin: vitals.of(id, 'gpt-4o'), end: 'bad' as const };
  for (let i = 0; i < breakerLimits.consecutiveFailures; i += 1) begin.end(begin.begin('whole', nowMs), end, { nowMs });
}

describe('a strategy', () => {
  it('priority takes the highest first', () => {
    const { router } = house([channel('low', { priority: 1 }), channel('high', { priority: 2 })]);
    expect(order(router.plan(call, 0))).toEqual(['high', 'low']);
  });

  it('cost takes the cheapest first, and what has no price last', () => {
    const channels = ['unpriced', 'dear', 'cheap'].map((provider) => channel(provider, { provider }));
    expect(order(house(channels, { strategy: 'cost' }).router.plan(call, 0))).toEqual(['cheap', 'dear', 'unpriced']);
  });

  it('latency takes the fastest first, and lets one request find out about a channel that nobody knows', () => {
    const { router, vitals } = house(
      ['slow', 'fast', 'new'].map((id) => channel(id)),
      { strategy: 'latency' },
    );
    for (const [id, ms] of [
      ['slow', 900],
      ['fast', 90],
    ] as const) {
      const model = vitals.of(id, 'gpt-4o');
      model.end(model.begin('whole', 0), 'good', { nowMs: ms });
    }
    expect(order(router.plan(call, 1_000))).toEqual(['new', 'fast', 'slow']);
    vitals.of('new', 'gpt-4o').begin('whole', 1_000);
    expect(order(router.plan(call, 1_000))).toEqual(['fast', 'slow', 'new']);
  });

  it('first-byte looks at the first byte', () => {
    const { router, vitals } = house(
      ['late', 'early'].map((id) => channel(id)),
      { strategy: 'first-byte' },
    );
    for (const [id, ms] of [
      ['late', 900],
      ['early', 90],
    ] as const) {
      const model = vitals.of(id, 'gpt-4o');
      model.answered(model.begin('stream', 0), ms);
    }
    expect(order(router.plan({ ...call, stream: true }, 1_000))).toEqual(['early', 'late']);
  });

  it('least-busy takes the one with the least under way for its weight', () => {
    const { router, vitals } = house([channel('small'), channel('large', { weight: 4 })], { strategy: 'least-busy' });
    vitals.of('small', 'gpt-4o').begin('whole', 0);
    for (const _ of [1, 2, 3]) vitals.of('large', 'gpt-4o').begin('whole', 0);
    expect(order(router.plan(call, 0))).toEqual(['large', 'small']);
  });

  it('balanced weighs cost against load', () => {
    const { router, vitals } = house([channel('a', { provider: 'dear' }), channel('b', { provider: 'cheap' })], {
      strategy: 'balanced',
    });
    for (let busy = 0; busy < 9; busy += 1) {
      expect(order(router.plan(call, 0))).toEqual(['b', 'a']);
      vitals.of('b', 'gpt-4o').begin('whole', 0);
    }
    vitals.of('b', 'gpt-4o').begin('whole', 0);
    expect(order(router.plan(call, 0))).toEqual(['a', 'b']);
  });

  it('region takes the nearest first', () => {
    const channels = ['asia', 'us', 'eu'].map((region) => channel(region, { region }));
    const route: Route = { strategy: 'region', regions: ['eu', 'us'] };
    expect(order(house([channel('nowhere'), ...channels], route).router.plan(call, 0)).slice(0, 2)).toEqual([
      'eu',
      'us',
    ]);
  });

  it.each(strategies)('%s tries every channel exactly once', (strategy) => {
    const channels = fc.uniqueArray(fc.integer({ min: 0, max: 99 }), { maxLength: 8 });
    fc.assert(
      fc.property(channels, fc.nat(), (numbers, seed) => {
        const described = numbers.map((n) =>
          channel(`ch_${n}`, { priority: n % 3, weight: 1 + (n % 4), provider: ['dear', 'cheap', 'none'][n % 3]! }),
        );
        const { router, vitals } = house(described, { strategy }, () => (seed % 97) / 97);
        if (numbers.length > 1) fail(vitals, `ch_${numbers[0]}`);
        const { candidates, considered } = router.plan(call, 0);
        expect(considered.map(({ candidate }) => candidate.channel.id).sort()).toEqual(
          numbers.map((n) => `ch_${n}`).sort(),
        );
        expect(candidates).toHaveLength(numbers.length > 1 ? numbers.length - 1 : numbers.length);
      }),
    );
  });

  it('weighted gives each its share', () => {
    let state = 1;
    const random = () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
    const { router } = house([channel('one'), channel('three', { weight: 3 })], { strategy: 'weighted' }, random);
    const firsts = Array.from({ length: 4_000 }, () => order(router.plan(call, 0))[0]);
    expect(firsts.filter((id) => id === 'three').length / 4_000).toBeCloseTo(0.75, 1);
  });
});

describe('a plan', () => {
  const channels = ['a', 'b', 'c'].map((id) => channel(id));

  it('leaves out what is isolated, unless everything is', () => {
    const { router, vitals } = house(channels, { strategy: 'weighted' });
    fail(vitals, 'a');
    fail(vitals, 'b');
    expect(order(router.plan(call, 0))).toEqual(['c']);
    fail(vitals, 'c');
    expect(order(router.plan(call, 0)).sort()).toEqual(['a', 'b', 'c']);
  });

  it('prefers among equals those that speak the protocol of the client', () => {
    const converted = channel('converted', { apis: ['anthropic-messages'], weight: 1_000 });
    expect(order(house([converted, ...channels]).router.plan(call, 0)).at(-1)).toBe('converted');
  });

  it('never leaves the regions that the policies permit', () => {
    const region = fc.option(fc.constantFrom('eu', 'us', 'asia'), { nil: undefined });
    fc.assert(
      fc.property(fc.array(region, { maxLength: 6 }), fc.constantFrom(...strategies), (regions, strategy) => {
        const placed = regions.map((one, at) => channel(`ch_${at}`, one === undefined ? {} : { region: one }));
        const { candidates } = house(placed, { strategy }).router.plan({ ...call, regions: new Set(['eu']) }, 0);
        expect(candidates).toHaveLength(regions.filter((one) => one === 'eu').length);
        expect(candidates.every((one) => one.channel.region === 'eu')).toBe(true);
      }),
    );
  });

  it('falls back to other models that the caller may call, after all channels of the first', () => {
    const other = (model: string) => channel(model, { models: new Map([[model, model]]), priority: 9 });
    const { router } = house([other('mini'), other('forbidden'), ...channels], {
      models: ['gpt-4o', 'forbidden', 'mini'],
    });
    const { candidates } = router.plan({ ...call, permits: (model) => model !== 'forbidden' }, 0);
    expect(candidates.map(({ model }) => model)).toEqual(['gpt-4o', 'gpt-4o', 'gpt-4o', 'mini']);
  });

  it('keeps a long conversation on its channel, and moves no other when one goes', () => {
    const many = Array.from({ length: 8 }, (_, at) => channel(`ch_${at}`));
    const conversation = (n: number): RoutedCall => ({
      ...call,
      bytes: 10_000,
      json: {
        messages: [
          { role: 'user', content: `conversation ${n}` },
          { role: 'assistant', content: `${n}` },
        ],
      },
    });
    const firsts = (all: readonly Channel[]) => {
      const { router } = house(all, {}, Math.random);
      return Array.from({ length: 200 }, (_, n) => order(router.plan(conversation(n), 0))[0]);
    };
    const before = firsts(many);
    expect(firsts(many)).toEqual(before);
    expect(new Set(before).size).toBe(8);
    const after = firsts(many.slice(1));
    expect(after.filter((id, n) => id !== before[n] && before[n] !== 'ch_0')).toEqual([]);
  });

  it('uses an organisation’s own channel for its keys alone, and no other for what is stored', () => {
    const { router } = house([channel('shared'), channel('own', { organisation: 'org_1' })]);
    expect(order(router.plan(call, 0)).toSorted()).toEqual(['own', 'shared']);
    expect(order(router.plan({ ...call, orgId: 'org_2' }, 0))).toEqual(['shared']);
    expect(router.plan({ ...call, orgId: 'org_2' }, 0).considered).toHaveLength(1);
    expect(order(router.plan({ ...call, stored: 'conversation' }, 0))).toEqual(['own']);
    expect(order(router.plan({ ...call, stored: 'conversation', orgId: 'org_2' }, 0))).toEqual([]);
  });

  it('follows the first rule that holds', () => {
    const { router } = house(channels, {
      rules: [
        { when: { images: true }, channels: ['a'] },
        { when: { tools: true, metadata: { team: 'x' } }, channels: ['b'] },
        { when: { minBytes: 1_000 }, channels: ['c'] },
      ],
    });
    const image = { contents: [{ parts: [{ inlineData: { mimeType: 'image/png', data: '' } }] }] };
    const tools = { tools: [{ type: 'function' }] };
    const metadata = new Map([['team', 'x']]);
    const planned = [
      { ...call, json: image, metadata, bytes: 2_000 },
      { ...call, json: tools, metadata, bytes: 2_000 },
      { ...call, json: tools, bytes: 2_000 },
    ].map((one) => router.plan(one, 0));
    expect(planned.map((plan) => [plan.rule, order(plan)])).toEqual([
      [0, ['a']],
      [1, ['b']],
      [2, ['c']],
    ]);
    expect(router.plan(call, 0).rule).toBeUndefined();
  });

  it('follows a rule about what the user wrote in', () => {
    const { router } = house(channels, { rules: [{ when: { language: ['han', 'kana'] }, channels: ['b'] }] });
    const asked = (content: string) => ({ ...call, json: { messages: [{ role: 'user', content }] } });
    const planned = ['车站在哪里', '駅はどこですか', 'Where is it?', '42'].map((text) => router.plan(asked(text), 0));
    expect(planned.map(({ rule }) => rule)).toEqual([0, 0, undefined, undefined]);
    expect(order(planned[0]!)).toEqual(['b']);
  });

  it('puts each key in one arm of an experiment, as many as its weight says', () => {
    const arms = [
      { name: 'old', weight: 3 },
      { name: 'new', weight: 1, channels: ['c'] },
    ];
    const { router } = house(channels, { experiment: { name: 'trial', unit: 'key', arms } });
    const arm = (n: number) => router.plan({ ...call, keyId: `key_${n}` }, 0).experiment?.arm;
    const chosen = Array.from({ length: 2_000 }, (_, n) => arm(n));
    expect(chosen).toEqual(Array.from({ length: 2_000 }, (_, n) => arm(n)));
    expect(chosen.filter((one) => one === 'new').length / 2_000).toBeCloseTo(0.25, 1);
  });
});

describe('the turns of a request', () => {
  const channels = ['a', 'b', 'c'].map((id, at) => channel(id, { priority: -at }));

  function turns(route: Route) {
    const { router, vitals } = house(channels, route);
    return { vitals, turns: new Turns(router.plan(call, 0), () => 1) };
  }

  it('go through the candidates without a pause, and pause before each further round', () => {
    const all = turns({ rounds: 2 }).turns;
    const taken = [];
    for (let turn = all.first(); turn !== undefined; turn = all.after({ turn }, 0)) taken.push(turn);
    expect(taken.map(({ candidate, pauseMs }) => [candidate.channel.id, pauseMs])).toEqual([
      ...[
        ['a', 0],
        ['b', 0],
        ['c', 0],
      ],
      ...[
        ['a', 250],
        ['b', 250],
        ['c', 250],
      ],
    ]);
    expect(taken.map(({ number, isLast }) => [number, isLast]).at(-1)).toEqual([6, true]);
  });

  it('come back to an upstream no sooner than it asked, and not after the deadline', () => {
    const { turns: all } = turns({ rounds: 2, channels: ['a'], deadlineMs: 10_000 });
    const first = all.first()!;
    expect(all.after({ turn: first, retryAfterMs: 3_000 }, 0)?.pauseMs).toBe(3_000);
    const { turns: late } = turns({ rounds: 2, channels: ['a'], deadlineMs: 10_000 });
    expect(late.after({ turn: late.first()!, retryAfterMs: 11_000 }, 0)).toBeUndefined();
  });

  it('pass over what has been isolated since', () => {
    const { turns: all, vitals } = turns({});
    const turn = all.first()!;
    fail(vitals, 'b');
    expect(all.after({ turn }, 0)?.candidate.channel.id).toBe('c');
  });

  it('end when the failures of a channel have cost the others enough', () => {
    const { router } = house(channels, {});
    const plan = router.plan(call, 0);
    let retried = 0;
    for (let requests = 0; requests < 1_000; requests += 1) {
      const all = new Turns(plan, () => 1);
      const turn = all.first()!;
      turn.candidate.vitals.end(turn.candidate.vitals.begin('whole', 0), 'unknown', { nowMs: 0 });
      if (all.after({ turn }, 0) !== undefined) retried += 1;
    }
    expect(retried).toBeGreaterThanOrEqual(100);
    expect(retried).toBeLessThanOrEqual(300);
  });
});
