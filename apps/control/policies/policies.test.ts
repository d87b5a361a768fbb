import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { KV } from '@nats-io/kv';
import pg from 'pg';
import { hashKey } from '#config/key-hash.js';
import { directoryEntryName, policyEntryNames } from '#contracts/directory.js';
import { buckets } from '#contracts/streams.js';
import { eventually } from '#jetstream/eventually.fixture.js';
import { pepper, TestControl } from '../test-control.fixture.js';

let control: TestControl;
let bucket: KV;
let acmeToken: string;

beforeAll(async () => {
  control = await TestControl.start();
  bucket = await control.bucket(buckets.directory);
  acmeToken = await control.organisation('acme');
  await control.organisation('other');
});
afterAll(() => control.stop());

const place = { orgId: 'acme', teamId: 'search', projectId: 'web' };
const told = async (entry: string) => (await bucket.get(entry))?.json();

describe('a policy', () => {
  it.each([
    ['/v1/organisations/acme/policy', policyEntryNames.organisation(place)],
    ['/v1/organisations/acme/teams/search/policy', policyEntryNames.team(place)],
    ['/v1/organisations/acme/projects/web/policy', policyEntryNames.project(place)],
  ])('at %s is known to the relays when it is set, and forbids nothing until then', async (path, entry) => {
    expect(await control.did(`GET ${path}`)).toEqual({});
    expect(await told(entry)).toBeUndefined();
    const policy = {
      models: { allow: ['gpt-*'], deny: ['gpt-4'] },
      aliases: { fast: 'gpt-5-mini' },
      endpoints: ['chat.completions'],
      passthrough: { channel: 'own', paths: ['POST /v1/videos', 'GET /v1/videos/*'] },
      ipRanges: ['10.0.0.0/8', '2001:db8::/32', '192.0.2.1'],
      regions: ['eu'],
      maxOutputTokens: 4000,
      requiredMetadata: ['cost-centre'],
      limits: { requestsPerMinute: 60, tokensPerMinute: 100_000, concurrency: 4 },
    };
    expect(await control.did(`PUT ${path}`, { body: policy })).toEqual(policy);
    expect(await control.did(`GET ${path}`)).toEqual(policy);
    expect(await told(entry)).toEqual(policy);

    await control.did(`PUT ${path}`, { body: {} });
    expect(await told(entry)).toEqual({});
  });

  it('of a key stands in the entries of all of its secrets', async () => {
    const body = { id: 'k1', projectId: 'web' };
    const { key } = await control.did('POST /v1/organisations/acme/keys', { body });
    const rotated = await control.did('POST /v1/organisations/acme/keys/k1/rotate', { body: {} });
    const policy = { models: { deny: ['*'] } };
    await control.did('PUT /v1/organisations/acme/keys/k1/policy', { body: policy, token: acmeToken });
    for (const secret of [key, rotated['key']]) {
      expect(await told(directoryEntryName(hashKey(String(secret), pepper)))).toMatchObject({ keyId: 'k1', policy });
    }
  });

  it('of the organisation is the platform to set, and those below the organisation', async () => {
    const asked = { token: acmeToken, body: { regions: ['eu'] } };
    expect((await control.call('PUT /v1/organisations/acme/policy', asked)).status).toBe(403);
    expect((await control.call('PUT /v1/organisations/acme/teams/search/policy', asked)).status).toBe(200);
    const foreign = await control.call('PUT /v1/organisations/other/teams/search/policy', asked);
    expect(foreign.status).toBe(404);
    expect(await control.did('GET /v1/organisations/other/teams/search/policy')).toEqual({});
  });

  it.each<[string, object, string]>([
    ['an unknown rule', { model: { allow: [] } }, 'model'],
    ['a star in the middle', { models: { deny: ['gpt-*-mini'] } }, 'models.deny.0'],
    ['a path upwards', { passthrough: { channel: 'own', paths: ['GET /v1/%2e%2e/*'] } }, 'passthrough.paths.0'],
    ['no address', { ipRanges: ['10.0.0.0/8', 'office'] }, 'ipRanges.1'],
    ['a limit of nothing', { limits: { requestsPerMinute: 0 } }, 'limits.requestsPerMinute'],
    ['half a token', { maxOutputTokens: 0.5 }, 'maxOutputTokens'],
  ])('with %s is refused, and the one that was stays', async (_, body, param) => {
    const path = '/v1/organisations/acme/projects/web/policy';
    const before = await control.did(`GET ${path}`);
    const { status, body: answer } = await control.call(`PUT ${path}`, { body });
    expect([status, answer['error']]).toMatchObject([400, { param }]);
    expect(await control.did(`GET ${path}`)).toEqual(before);
  });

  it('of what does not exist is neither shown nor set', async () => {
    for (const route of ['teams/none', 'projects/none', 'keys/none']) {
      for (const method of ['GET', 'PUT']) {
        const call = method === 'PUT' ? { body: {} } : {};
        const { status } = await control.call(`${method} /v1/organisations/acme/${route}/policy`, call);
        expect([method, route, status]).toEqual([method, route, 404]);
      }
    }
  });

  it('of many at once is in the end what was stored last', async () => {
    const path = '/v1/organisations/acme/teams/search/policy';
    const puts = Array.from({ length: 20 }, (_, at) =>
      control.did(`PUT ${path}`, { body: { maxOutputTokens: at + 1 } }),
    );
    await Promise.all(puts);
    expect(await told(policyEntryNames.team(place))).toEqual(await control.did(`GET ${path}`));
  });

  it('without NATS is stored, and told when it is back', async () => {
    const path = '/v1/organisations/acme/projects/web/policy';
    await control.nats.kill();
    const { status, body } = await control.call(`PUT ${path}`, { body: { regions: ['eu'] } });
    expect([status, body['error']]).toMatchObject([503, { code: 'relays_not_told' }]);
    await control.nats.restart();
    await eventually(async () => expect((await control.call('GET /readyz')).status).toBe(200));
    expect(await told(policyEntryNames.project(place))).toEqual({ regions: ['eu'] });
    expect(await control.did(`GET ${path}`)).toEqual({ regions: ['eu'] });
  });

  it('that a crash kept from the relays is told at the next start', async () => {
    const client = new pg.Client(control.database.url);
    await client.connect();
    await client.query(`UPDATE control.team SET policy = '{"regions":["us"]}' WHERE organisation_id = 'acme'`);
    await client.end();
    await bucket.put(policyEntryNames.team({ orgId: 'acme', teamId: 'stray' }), '{}');
    await control.restart();
    expect(await told(policyEntryNames.team(place))).toEqual({ regions: ['us'] });
    expect((await bucket.get(policyEntryNames.team({ orgId: 'acme', teamId: 'stray' })))?.operation).toBe('DEL');
  });
});
