import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { bookCharges } from '../book-charges.js';
import { verifyLedger } from '../chain/verify-ledger.js';
import { deliveredCharge } from '../charge-event.fixture.js';
import { copyBook } from '../copied-book.fixture.js';
import { correctBookedCharge } from '../corrections/correct-charge.js';
import { type TestLedger, testLedger } from '../test-ledger.fixture.js';
import { endGrant, expireGrants } from './expire-grants.js';
import { giveCredits } from './grant-credits.js';
import { readWallet } from './read-wallets.js';

const orgId = 'acme';
const currency = 'USD';
const expiresAt = new Date(Date.now() + 3_600_000);

let ledger: TestLedger;
beforeAll(async () => void (ledger = await testLedger()));
afterAll(() => ledger.close());

const give = (id: string) =>
  giveCredits(ledger.source, {
    ...{ orgId, id, currency, amount: '0.000000000010', priority: 0, idempotencyKey: id },
    ...{ validFrom: '2026-07-01T00:00:00Z', expiresAt: expiresAt.toISOString() },
  });
const spend = (id: string, amount: bigint) =>
  bookCharges(ledger.source, [deliveredCharge({ org: orgId, id, amount, cost: 0n })]);
const correct = (eventId: string, amount: string) =>
  correctBookedCharge(ledger.source, {
    ...{ orgId, eventId, currency, amount, cost: '0', priceVersion: 'v', reason: 'It was less.' },
    idempotencyKey: `${eventId} was less`,
  });
const open = async () =>
  (await ledger.source.query<{ id: string }[]>('SELECT id FROM open_grant ORDER BY id')).map(({ id }) => id);
const wrong = async (url: string) => (await verifyLedger(url)).results.filter((result) => result.wrong > 0);

describe('a grant is kept as open', () => {
  it('from when it is given until nothing is left', async () => {
    await give('spent');
    expect(await open()).toEqual(['spent']);
    await spend('a', 4n);
    expect(await open()).toEqual(['spent']);
    await spend('b', 6n);
    expect(await open()).toEqual([]);
  });

  it('again when a correction gives something back, until that is posted back', async () => {
    await correct('b', '0.000000000005');
    expect(await open()).toEqual(['spent']);
    expect((await readWallet(ledger.source.manager, { orgId, wallet: 'default', currency })).credits).toBe(
      '0.000000000001',
    );
    expect(await expireGrants(ledger.source, expiresAt)).toBe(1);
    expect(await open()).toEqual([]);
  });

  it('as ended when it was revoked before: what comes back to it is posted back at once', async () => {
    await give('revoked');
    await spend('c', 10n);
    await endGrant(ledger.source, { orgId, id: 'revoked' });
    await correct('c', '0.000000000007');
    expect(await open()).toEqual(['revoked']);
    expect(await expireGrants(ledger.source, new Date())).toBe(1);
    expect(await open()).toEqual([]);
  });

  it('and the verifier names one that was hidden, or kept with another end', async () => {
    await give('hidden');
    await give('prolonged');
    expect(await wrong(ledger.database.url)).toEqual([]);
    await ledger.source.destroy();
    const copy = await copyBook(ledger.database);
    await copy.run(`DELETE FROM open_grant WHERE id = 'hidden';
      UPDATE open_grant SET ends_at = 'infinity' WHERE id = 'prolonged'`);
    expect(await wrong(copy.url)).toMatchObject([
      { check: 'kept', wrong: 2, first: { table: 'open_grant', key: 'acme hidden', stored: 'no row' } },
    ]);
    await copy.drop();
  });
});
