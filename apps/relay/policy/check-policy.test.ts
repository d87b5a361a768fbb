import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type Policy, policy, policyLevels } from '#contracts/directory.js';
import { Refusal } from '#protocols/error-body.js';
import { callableModels } from './callable-models.js';
import { type AskedCall, checkPolicy } from './check-policy.js';
import { levelRules } from './level-rules.js';

const call: AskedCall = {
  operation: { name: 'chat.completions' },
  model: 'gpt-5',
  json: { max_completion_tokens: 100 },
  address: () => '203.0.113.7',
  metadata: new Map([['team', 'a']]),
};

/** The policies of a key, its project, its team and its organisation, as far as there are any. */
const levels = (...policies: readonly Policy[]) =>
  policies.map((one, at) => levelRules(policyLevels[at] ?? 'organisation', `id-${at}`, policy.parse(one)));
const permits = (asked: Partial<AskedCall>, ...policies: readonly Policy[]) =>
  !(checkPolicy({ ...call, ...asked }, levels(...policies)) instanceof Refusal);

const models = ['gpt-5', 'gpt-5-mini', 'claude-sonnet-5', 'o3'];
const aModel = fc.constantFrom(...models);
const patterns = fc.array(fc.constantFrom(...models, 'gpt-*', 'claude*', '*'), { maxLength: 3 });
const rules = fc.record(
  {
    models: fc.record({ allow: patterns, deny: patterns }, { requiredKeys: [] }),
    endpoints: fc.subarray(['chat.completions', 'messages', 'images.*']),
    ipRanges: fc.subarray(['203.0.113.0/24', '2001:db8::/32', '10.0.0.1']),
    regions: fc.subarray(['eu', 'us']),
    maxOutputTokens: fc.integer({ min: 1, max: 200 }),
    requiredMetadata: fc.subarray(['team', 'cost-centre']),
  },
  { requiredKeys: [] },
);
const aliases = fc.dictionary(fc.constantFrom(...models, 'fast'), aModel);
const policyOf = fc.oneof(
  rules,
  fc.tuple(rules, aliases).map(([given, names]) => ({ ...given, aliases: names })),
);
const aCall = fc.record({
  operation: fc.record({ name: fc.constantFrom('chat.completions', 'messages', 'images.edits', 'embeddings') }),
  model: fc.option(fc.constantFrom(...models, 'fast'), { nil: undefined }),
  json: fc.record(
    { max_tokens: fc.integer({ min: 0, max: 200 }), n: fc.integer({ min: 1, max: 3 }) },
    { requiredKeys: [] },
  ),
  address: fc.constantFrom('203.0.113.7', '2001:db8::1', '10.0.0.2', undefined).map((address) => () => address),
  metadata: fc.subarray(['team', 'cost-centre']).map((names) => new Map(names.map((name) => [name, 'said']))),
}) as fc.Arbitrary<AskedCall>;

describe('policies', () => {
  it('permit what none of them is about', () => {
    expect(checkPolicy(call, [])).toEqual({ model: 'gpt-5' });
    expect(checkPolicy(call, levels({}, {}))).toEqual({ model: 'gpt-5' });
  });

  it('never permit more, or to more regions, when a level is added', () => {
    fc.assert(
      fc.property(aCall, fc.array(policyOf, { maxLength: 3 }), rules, fc.nat(), (asked, given, added, at) => {
        const where = at % (given.length + 1);
        const before = checkPolicy(asked, levels(...given));
        const after = checkPolicy(asked, levels(...given.toSpliced(where, 0, added)));
        if (after instanceof Refusal) return;
        if (before instanceof Refusal) throw new Error('it was refused before');
        expect(after.model).toBe(before.model);
        for (const region of after.regions ?? []) expect(before.regions?.has(region) ?? true).toBe(true);
        if (before.regions !== undefined) expect(after.regions).toBeDefined();
      }),
    );
  });

  it('never have a model called by an alias that could not be called by its name', () => {
    fc.assert(
      fc.property(aCall, fc.array(policyOf, { maxLength: 4 }), (asked, given) => {
        const permitted = checkPolicy(asked, levels(...given));
        if (permitted instanceof Refusal) return;
        const plain = given.map(({ aliases: _, ...others }: Policy) => others);
        expect(permits({ ...asked, model: permitted.model }, ...plain)).toBe(true);
      }),
    );
  });

  it('never have a model called that any of them denies, whatever they allow', () => {
    fc.assert(
      fc.property(aCall, aModel, fc.array(policyOf, { maxLength: 3 }), fc.nat(), (asked, denied, given, at) => {
        const denies = { models: { allow: ['*'], deny: [denied] } };
        const permitted = checkPolicy(asked, levels(...given.toSpliced(at % (given.length + 1), 0, denies)));
        expect(permitted).not.toMatchObject({ model: denied });
      }),
    );
  });
});

describe('a rule', () => {
  it.each<[string, Policy, Partial<AskedCall>, Partial<AskedCall>]>([
    [
      'models.allow',
      { models: { allow: ['gpt-5', 'claude-*'] } },
      { model: 'claude-sonnet-5' },
      { model: 'gpt-5-mini' },
    ],
    ['models.allow', { models: { allow: [] } }, { model: undefined }, { model: 'gpt-5' }],
    ['models.deny', { models: { deny: ['gpt-5*'] } }, { model: 'o3' }, { model: 'gpt-5-mini' }],
    [
      'models.deny',
      { models: { deny: ['o3'] } },
      { json: { models: ['gpt-5'] } },
      { json: { models: ['gpt-5', 'o3'] } },
    ],
    ['endpoints', { endpoints: ['images.*'] }, { operation: { name: 'images.edits' } }, {}],
    [
      'ipRanges',
      { ipRanges: ['203.0.113.0/24'] },
      { address: () => '::ffff:203.0.113.9' },
      { address: () => '203.0.114.1' },
    ],
    ['ipRanges', { ipRanges: ['2001:db8::/32'] }, { address: () => '2001:db8:1::1' }, { address: () => undefined }],
    ['maxOutputTokens', { maxOutputTokens: 100 }, {}, { json: { max_completion_tokens: 101 } }],
    ['maxOutputTokens', { maxOutputTokens: 100 }, { json: { max_tokens: 50, n: 2 } }, { json: {} }],
    ['requiredMetadata', { requiredMetadata: ['team'] }, {}, { metadata: new Map([['team', '']]) }],
  ])('%s', (name, given, permitted, refused) => {
    expect(permits(permitted, {}, given)).toBe(true);
    const refusal = checkPolicy({ ...call, ...refused }, levels({}, given)) as Refusal;
    expect(refusal.code).toBe('forbidden');
    expect(refusal.message).toMatch(
      new RegExp(`^The policy of project "id-1" \\(${name.replace('.', '\\.')}\\) .+: .+\\.$`),
    );
  });

  it('about regions leaves those that every level permits, and refuses when none is left', () => {
    const eu = checkPolicy(call, levels({ regions: ['eu', 'us'] }, {}, { regions: ['eu', 'asia'] }));
    expect(eu).toEqual({ model: 'gpt-5', regions: new Set(['eu']) });
    expect(checkPolicy(call, levels({ regions: ['us'] }, { regions: ['eu'] }))).toMatchObject({
      message: expect.stringContaining('The policy of project "id-1" (regions)'),
    });
  });

  it('about aliases counts at the nearest level, and is followed once', () => {
    const project = { aliases: { fast: 'gpt-5-mini', o3: 'gpt-5' } };
    const team = { aliases: { fast: 'o3' }, models: { deny: ['fast'] } };
    expect(checkPolicy({ ...call, model: 'fast' }, levels({}, project, team))).toEqual({ model: 'gpt-5-mini' });
    expect(checkPolicy({ ...call, model: 'fast' }, levels(team, project))).toEqual({ model: 'o3' });
  });

  it('takes the names that every object has for names like others', () => {
    const names = ['constructor', '__proto__', 'toString'];
    for (const model of names) expect(checkPolicy({ ...call, model }, levels({ aliases: {} }))).toEqual({ model });
  });
});

it('a list of models has those that may be called, also by their aliases, and no others', () => {
  const served = ['gpt-5', 'gpt-5-mini', 'o3'].map((id) => ({ id, provider: 'openai' }));
  const given = levels(
    { aliases: { fast: 'gpt-5-mini', best: 'o3', gone: 'nowhere' } },
    { models: { allow: ['gpt-*'] }, aliases: { 'gpt-5': 'gpt-5-mini' } },
  );
  expect(callableModels(served, given).map(({ id }) => id)).toEqual(['gpt-5', 'gpt-5-mini', 'fast']);
  expect(callableModels(served, [])).toEqual(served);
});

it('a check of four full levels takes less than 10 µs', () => {
  const full: Policy = {
    models: { allow: ['claude-*', 'gpt-*'], deny: Array.from({ length: 50 }, (_, at) => `old-${at}*`) },
    aliases: { fast: 'gpt-5' },
    endpoints: ['chat.completions'],
    ipRanges: ['203.0.113.0/24', '2001:db8::/32'],
    maxOutputTokens: 1000,
    requiredMetadata: ['team'],
    regions: ['eu'],
  };
  const four = levels(full, full, full, full);
  const times = Array.from({ length: 40 }, () => {
    const started = process.hrtime.bigint();
    for (let at = 0; at < 250; at += 1) checkPolicy(call, four);
    return Number(process.hrtime.bigint() - started) / 250;
  });
  // The best of many: other processes share the machine.
  expect(Math.min(...times)).toBeLessThan(10_000);
});
