import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { KV } from '@nats-io/kv';
import { DataSource } from 'typeorm';
import { hashKey } from '#config/key-hash.js';
import { directoryEntryName, directoryKey } from '#contracts/directory.js';
import { buckets } from '#contracts/streams.js';
import { pepper, TestControl } from '../test-control.fixture.js';
import { KeyDirectory } from './key-directory.js';
import { syncDirectory } from './sync-directory.js';

let control: TestControl;
let bucket: KV;

beforeAll(async () => {
  control = await TestControl.start();
  bucket = await control.bucket(buckets.directory);
  await control.organisation('acme');
});
afterAll(() => control.stop());

const issue = (body: object) =>
  control.did('POST /v1/organisations/acme/keys', { body: { projectId: 'web', ...body } });
const entryOf = (key: unknown) => directoryEntryName(hashKey(String(key), pepper));
const told = async (key: unknown) => directoryKey.parse((await bucket.get(entryOf(key)))?.json());

describe('a key', () => {
  it('is shown once, is stored as a hash, and is known to the relays when it is issued', async () => {
    const expiresAt = '2099-01-01T00:00:00.000Z';
    const issued = await issue({ id: 'k1', name: 'Site', expiresAt });
    expect(issued['key']).toMatch(/^tg-[0-9a-f]{48}$/);
    const keyPlace = { keyId: 'k1', orgId: 'acme', teamId: 'search', projectId: 'web' };
    expect(await told(issued['key'])).toEqual({ ...keyPlace, status: 'active', expiresAt });

    const { data } = await control.did('GET /v1/organisations/acme/keys');
    const { key, ...shown } = issued;
    expect(data).toEqual([shown]);
    expect(shown).toMatchObject({ name: 'Site', last4: String(key).slice(-4), status: 'active', expiresAt });
  });

  it('is refused by the relays when its revocation is answered, and stays so however often that is asked', async () => {
    const { key } = await issue({ id: 'k2' });
    const revoked = await control.did('DELETE /v1/organisations/acme/keys/k2');
    expect(revoked).toMatchObject({ id: 'k2', status: 'revoked' });
    expect((await told(key)).status).toBe('revoked');
    expect(await control.did('DELETE /v1/organisations/acme/keys/k2')).toEqual(revoked);
  });

  it('has a new secret when it is rotated, and the old one for the grace period, under the same id', async () => {
    const { key: old } = await issue({ id: 'r1' });
    const before = Date.now();
    const rotated = await control.did('POST /v1/organisations/acme/keys/r1/rotate', { body: { graceSeconds: 3600 } });
    expect(rotated).toMatchObject({ id: 'r1', last4: String(rotated['key']).slice(-4), status: 'active' });
    const graceUntil = String(rotated['graceUntil']);
    expect(Date.parse(graceUntil) - before).toBeGreaterThanOrEqual(3600_000);
    expect(await told(old)).toMatchObject({ keyId: 'r1', status: 'active', expiresAt: graceUntil });
    expect(await told(rotated['key'])).toMatchObject({ keyId: 'r1', status: 'active' });
    expect(await told(rotated['key'])).not.toHaveProperty('expiresAt');

    await control.restart();
    expect(await told(old)).toMatchObject({ expiresAt: graceUntil });
    await control.did('DELETE /v1/organisations/acme/keys/r1');
    for (const secret of [old, rotated['key']]) expect((await told(secret)).status).toBe('revoked');
    const again = await control.call('POST /v1/organisations/acme/keys/r1/rotate', { body: {} });
    expect([again.status, again.body['error']]).toMatchObject([409, { code: 'key_not_active' }]);
  });

  it('that is rotated without grace leaves nothing of the old secret, and one that ends sooner ends then', async () => {
    const expiresAt = new Date(Date.now() + 60_000).toISOString();
    const { key: old } = await issue({ id: 'r2', expiresAt });
    const { key } = await control.did('POST /v1/organisations/acme/keys/r2/rotate', { body: {} });
    for (const secret of [old, key]) expect(await told(secret)).toMatchObject({ expiresAt });
    await control.did('POST /v1/organisations/acme/keys/r2/rotate', { body: { graceSeconds: 0 } });
    expect((await bucket.get(entryOf(key)))?.operation).toBe('DEL');
    expect(await told(old)).toMatchObject({ status: 'active' });
  });

  it('is revoked for good, however many rotate and revoke it at once', async () => {
    for (let round = 0; round < 5; round += 1) {
      const id = `raced-${round}`;
      const secrets = [(await issue({ id }))['key']];
      const rotate = async () => {
        const { body } = await control.call(`POST /v1/organisations/acme/keys/${id}/rotate`, { body: {} });
        if (body['key'] !== undefined) secrets.push(body['key']);
      };
      await Promise.all([rotate(), rotate(), control.did(`DELETE /v1/organisations/acme/keys/${id}`), rotate()]);
      for (const secret of secrets) expect((await told(secret)).status).toBe('revoked');
    }
  });

  it('cannot be issued for a project of another organisation, or under an id that is taken', async () => {
    await control.organisation('beta');
    await control.did('POST /v1/organisations/beta/projects', { body: { id: 'own', teamId: 'search', name: 'Own' } });
    const foreign = await control.call('POST /v1/organisations/acme/keys', { body: { projectId: 'own' } });
    expect(foreign.body['error']).toMatchObject({ code: 'project_unknown', param: 'projectId' });
    await issue({ id: 'k3' });
    const taken = await control.call('POST /v1/organisations/acme/keys', { body: { id: 'k3', projectId: 'web' } });
    expect([taken.status, taken.body['error']]).toMatchObject([409, { code: 'id_taken', param: 'id' }]);
  });
});

describe('the directory', () => {
  it('is healed at the start: a lost entry, a wrong one, an unreadable one and a stray', async () => {
    const lost = await issue({ id: 'lost' });
    const wrong = await issue({ id: 'wrong' });
    const unreadable = await issue({ id: 'unreadable' });
    await control.did('DELETE /v1/organisations/acme/keys/wrong');
    await bucket.purge(entryOf(lost['key']));
    await bucket.put(entryOf(wrong['key']), JSON.stringify({ ...(await told(wrong['key'])), status: 'active' }));
    await bucket.put(entryOf(unreadable['key']), 'not JSON');
    await bucket.put(entryOf('stray'), JSON.stringify(await told(wrong['key'])));

    await control.restart();

    expect(await told(lost['key'])).toMatchObject({ keyId: 'lost', status: 'active' });
    expect(await told(wrong['key'])).toMatchObject({ keyId: 'wrong', status: 'revoked' });
    expect(await told(unreadable['key'])).toMatchObject({ keyId: 'unreadable', status: 'active' });
    expect((await bucket.get(entryOf('stray')))?.operation ?? 'DEL').toBe('DEL');
  });

  it('is not written when it says what the table says', async () => {
    const before = (await bucket.status()).streamInfo.state.last_seq;
    await control.restart();
    expect((await bucket.status()).streamInfo.state.last_seq).toBe(before);
  });

  it('leaves an entry to whoever wrote it since it was read', async () => {
    const { key } = await issue({ id: 'raced' });
    const active = await told(key);
    await bucket.purge(entryOf(key));
    const sync = syncDirectory(bucket, async () => {
      // Between the sync's two reads the key is revoked and the relays are told.
      await bucket.put(entryOf(key), JSON.stringify({ ...active, status: 'revoked' }));
      return new Map([[entryOf(key), active]]);
    });
    await expect(sync).rejects.toThrow('wrong last sequence');
    expect((await told(key)).status).toBe('revoked');
    await control.restart();
  });

  it('is read again when somebody was quicker than a sync', async () => {
    const { key } = await issue({ id: 'quicker' });
    await bucket.put(entryOf(key), 'wrong');
    const source = control.app.get(DataSource);
    const query = source.query.bind(source);
    jest.spyOn(source, 'query').mockImplementationOnce(async (...question) => {
      await bucket.put(entryOf(key), 'wrong in another way');
      return query(...question);
    });
    await control.app.get(KeyDirectory).sync();
    expect((await told(key)).status).toBe('active');
  });

  it('leaves removed what was written and removed while a sync ran', async () => {
    const { key } = await issue({ id: 'retired' });
    const active = await told(key);
    await bucket.purge(entryOf(key));
    const sync = syncDirectory(bucket, async () => {
      await bucket.put(entryOf(key), JSON.stringify(active));
      await bucket.delete(entryOf(key));
      return new Map([[entryOf(key), active]]);
    });
    await expect(sync).rejects.toThrow('wrong last sequence');
    expect((await bucket.get(entryOf(key)))?.operation).toBe('DEL');
    await control.restart();
    expect((await told(key)).status).toBe('active');
  });

  it('never lets a key be issued or revoked unsaid: without NATS both fail, and a revocation is made good', async () => {
    const { key } = await issue({ id: 'kept' });
    await control.nats.kill();

    const [issued, revoked] = await Promise.all([
      control.call('POST /v1/organisations/acme/keys', { body: { id: 'unsaid', projectId: 'web' } }),
      control.call('DELETE /v1/organisations/acme/keys/kept'),
    ]);
    for (const { status, body, headers } of [issued, revoked]) {
      expect([status, body['error']]).toMatchObject([503, { code: 'relays_not_told' }]);
      expect(headers.get('retry-after')).toBe('5');
    }
    expect((await control.call('GET /readyz')).status).toBe(503);

    await control.nats.restart();
    await eventually(async () => (await control.call('GET /readyz')).status === 200);
    expect((await told(key)).status).toBe('revoked');
    const { data } = await control.did('GET /v1/organisations/acme/keys?limit=1000');
    expect(data).toContainEqual(expect.objectContaining({ id: 'unsaid', status: 'revoked' }));
  });
});

async function eventually(holds: () => Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + 20_000; Date.now() < deadline;) {
    if (await holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error('It did not come about within 20 s.');
}
