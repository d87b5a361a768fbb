import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type Policy, policy, policyLevels } from '#contracts/directory.js';
import { Refusal } from '#protocols/error-body.js';
import { levelRules } from './level-rules.js';
import { permitPassthrough } from './permit-passthrough.js';

/** The policies of a key, its project, its team and its organisation, as far as there are any. */
const permit = (asked: string, ...policies: readonly Policy[]) =>
  permitPassthrough(
    asked,
    policies.map((one, at) => levelRules(policyLevels[at] ?? 'organisation', `id-${at}`, policy.parse(one))),
  );
const to = (channel: string, ...paths: string[]): Policy => ({ passthrough: { channel, paths } });

describe('policies permit what the relay does not know', () => {
  it('where one names it, in its words', () => {
    expect(permit('GET /v1/a/b', {}, to('ch', 'POST /v1/a', 'GET /v1/a/*'))).toEqual({
      ...{ channelId: 'ch', pattern: 'GET /v1/a/*' },
    });
    expect(permit('GET /v1/a/b', {}, {})).toBeUndefined();
  });

  it.each<[string, Policy[]]>([
    ['another method', [to('ch', 'POST /v1/*')]],
    ['another path', [to('ch', 'GET /v1/a/bc', 'GET /v1/a')]],
    ['no path', [to('ch')]],
    ['a level that leaves it out', [to('ch', 'GET /v1/*'), {}, to('ch', 'GET /v1/b*')]],
    ['a level that names another channel', [to('ch', 'GET /v1/*'), to('other', 'GET /v1/*')]],
    ['a level that limits models alone', [{ models: { allow: ['gpt-5'] } }, to('ch', 'GET /v1/*')]],
    ['a level that denies models alone', [{ models: { deny: ['gpt-5'] } }, to('ch', 'GET /v1/*')]],
    ['a level that limits output alone', [to('ch', 'GET /v1/*'), { maxOutputTokens: 9 }]],
  ])('and not with %s', (_what, policies) => {
    const refusal = permit('GET /v1/a/b', ...policies);
    expect(refusal).toMatchObject({ code: 'forbidden', message: expect.stringContaining('(passthrough)') as unknown });
  });

  it('never more, once one names it, when a level is added', () => {
    const paths = fc.subarray(['GET /v1/a', 'GET /v1/*', 'POST /v1/a', 'GET /v1/a/b*']);
    const aPolicy = fc.oneof(
      paths.map((some) => to('ch', ...some)),
      fc.constantFrom<Policy>({}, { maxOutputTokens: 5 }, { models: { allow: ['a'] } }),
    );
    fc.assert(
      fc.property(fc.array(aPolicy, { maxLength: 3 }), aPolicy, fc.nat(), (given, added, at) => {
        const before = permit('GET /v1/a', ...given);
        const after = permit('GET /v1/a', ...given.toSpliced(at % (given.length + 1), 0, added));
        if (before instanceof Refusal) expect(after).toBeInstanceOf(Refusal);
      }),
    );
  });

  it.each(['/v1/a', 'TRACE /v1/a', 'GET v1/a', 'GET /v1/*/a', 'GET /v1/%2e', 'GET https://a/b?c'])(
    'that can be one: not %s',
    (path) => expect(policy.safeParse(to('ch', path)).success).toBe(false),
  );
});
