import { describe, expect, it } from '@jest/globals';
import { hashKey } from '#config/key-hash.js';
import { directoryEntryName, type Policy, policyEntryNames } from '#contracts/directory.js';
import { Refusal } from '#protocols/error-body.js';
import { KeyDirectory } from './key-directory.js';

const pepper = 'a pepper of the tests, long enough for anyone';
const place = { keyId: 'k', orgId: 'acme', teamId: 'search', projectId: 'web' };
const complaints: string[] = [];
const connection = {};

function directory(policies: Readonly<Record<string, unknown>> = {}, policyOfKey?: Policy): KeyDirectory {
  const made = new KeyDirectory(pepper, (sentence) => complaints.push(sentence));
  for (const [name, value] of Object.entries(policies)) made.update(name, value);
  const key = { ...place, status: 'active', ...(policyOfKey && { policy: policyOfKey }) };
  made.update(directoryEntryName(hashKey('tg-1', pepper)), key);
  return made;
}
const names = {
  organisation: policyEntryNames.organisation(place),
  team: policyEntryNames.team(place),
  project: policyEntryNames.project(place),
};

function levelsOf(made: KeyDirectory): readonly string[] | Refusal {
  const caller = made.authenticate('tg-1', 0, connection);
  return caller instanceof Refusal ? caller : caller.policies.map(({ level, id }) => `${level} ${id}`);
}

describe('a caller', () => {
  it('has the policies of its key, project, team and organisation, the nearest first, and of no other', () => {
    const foreign = { ...place, orgId: 'other' };
    const policies = {
      [names.organisation]: {},
      [names.project]: {},
      [names.team]: {},
      [policyEntryNames.organisation(foreign)]: 'unreadable',
      [policyEntryNames.team(foreign)]: {},
      [policyEntryNames.project({ ...place, projectId: 'search' })]: {},
    };
    expect(levelsOf(directory(policies, {}))).toEqual(['key k', 'project web', 'team search', 'organisation acme']);
    expect(levelsOf(directory())).toEqual([]);
  });

  it('has what a policy says now, also when it comes after the key', () => {
    const made = directory();
    expect(made.authenticate('tg-1', 0, connection)).toBe(made.authenticate('tg-1', 0, connection));
    expect(levelsOf(made)).toEqual([]);
    made.update(names.team, {});
    expect(levelsOf(made)).toEqual(['team search']);
    made.update(names.team, undefined);
    expect(levelsOf(made)).toEqual([]);
  });

  it.each([[null], ['text'], [{ models: { allow: 'gpt-5' } }], [{ ruleOfANewerRelease: true }]])(
    'is refused while the policy of one of its levels is unreadable: %j',
    (unreadable) => {
      for (const name of Object.values(names)) {
        const made = directory({ [name]: unreadable });
        expect(levelsOf(made)).toMatchObject({ code: 'unavailable', message: expect.stringContaining('have it set') });
        made.update(name, {});
        expect(levelsOf(made)).toHaveLength(1);
      }
    },
  );

  it('is refused while the policy of its key is unreadable', () => {
    expect(levelsOf(directory({}, { regions: 'eu' } as never))).toMatchObject({ code: 'unauthenticated' });
  });
});

it('a connection’s keys are told apart, whatever it sent before', () => {
  const made = directory();
  const keysSent = ['tg-1', 'tg-', 'tg-1', 'tg-11', undefined, 'tg-1'];
  const known = keysSent.map((key) => !(made.authenticate(key, 0, connection) instanceof Refusal));
  expect(known).toEqual([true, false, true, false, false, true]);
  made.update(directoryEntryName(hashKey('tg-1', pepper)), { ...place, status: 'revoked' });
  expect(made.authenticate('tg-1', 0, connection)).toMatchObject({ message: expect.stringContaining('revoked') });
});

it('an entry of another kind is complained of, and changes nothing', () => {
  const before = complaints.length;
  for (const name of ['policy.org', 'policy.orgs.acme', 'policy.team.acme', 'key.1']) directory().update(name, {});
  expect(complaints.slice(before)).toHaveLength(4);
});
