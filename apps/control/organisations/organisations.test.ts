import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { TestControl } from '../test-control.fixture.js';

let control: TestControl;
beforeAll(async () => {
  control = await TestControl.start();
  await control.organisation('acme');
});
afterAll(() => control.stop());

it('takes a chosen id once and generates one otherwise', async () => {
  const { id } = await control.did('POST /v1/organisations', { body: { name: 'Generated' } });
  expect(await control.did(`GET /v1/organisations/${String(id)}`)).toMatchObject({ id, name: 'Generated' });
  for (const route of ['organisations', 'organisations/acme/teams', 'organisations/acme/projects']) {
    const body = { id: 'twice', name: 'Twice', ...(route.endsWith('projects') ? { teamId: 'search' } : {}) };
    await control.did(`POST /v1/${route}`, { body });
    const again = await control.call(`POST /v1/${route}`, { body });
    expect([again.status, again.body['error']]).toMatchObject([409, { code: 'id_taken', param: 'id' }]);
  }
});

it('lets organisations use the same ids for their own things', async () => {
  await control.organisation('beta');
  expect((await control.did('GET /v1/organisations/beta/teams'))['data']).toMatchObject([
    { id: 'search', organisationId: 'beta' },
  ]);
});

it("keeps a project out of another organisation's team", async () => {
  await control.did('POST /v1/organisations/acme/teams', { body: { id: 'only-in-acme', name: 'A' } });
  const body = { teamId: 'only-in-acme', name: 'Stolen' };
  const answer = await control.call('POST /v1/organisations/beta/projects', { body });
  expect(answer.body['error']).toMatchObject({ code: 'team_unknown', param: 'teamId' });
});

it('pages through everything once, in order, also while more is added', async () => {
  await control.did('POST /v1/organisations', { body: { id: 'many', name: 'Many' } });
  const ids = Array.from({ length: 7 }, (_, i) => `team-${i}`);
  for (const id of ids) await control.did('POST /v1/organisations/many/teams', { body: { id, name: id } });

  const seen: unknown[] = [];
  for (let after = ''; ;) {
    const page = await control.did(`GET /v1/organisations/many/teams?limit=3${after}`);
    seen.push(...(page['data'] as { id: string }[]).map(({ id }) => id));
    if (seen.length === 3) await control.did('POST /v1/organisations/many/teams', { body: { id: 'a', name: 'Early' } });
    expect(page['has_more']).toBe(page['next_cursor'] !== undefined);
    if (page['has_more'] === false) break;
    after = `&after=${String(page['next_cursor'])}`;
  }
  expect(seen).toEqual(ids);
});

it('narrows a list to a team or a project', async () => {
  const { data } = await control.did('GET /v1/organisations/acme/projects?teamId=only-in-acme');
  expect(data).toEqual([]);
});
