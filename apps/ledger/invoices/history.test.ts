import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import pg from 'pg';
import type { DataSource } from 'typeorm';
import { formatAmount, parseAmount, type Pico } from '#money/pico.js';
import { isPassing } from '#postgres/postgres-failure.js';
import { correctBookedCharge } from '../corrections/correct-charge.js';
import { said, type TestLedger, testLedger, unsoundness } from '../test-ledger.fixture.js';
import { topUpWallet } from '../top-up.js';
import { giveCredits } from '../wallets/grant-credits.js';
import { makeDraft } from './draft-invoice.js';
import { makeFinal } from './finalise-invoice.js';
import {
  bookUsage,
  customerOf,
  invoiceFor,
  julyDays,
  override,
  placesOf,
  postpaid,
  vatOf,
} from './invoices.fixture.js';
import { readInvoices } from './list-invoices.js';
import { bookPayment } from './pay-invoice.js';
import { verifyInvoice, verifyInvoices } from './verify-invoice.js';
import { makeVoid } from './void-invoice.js';

let ledger: TestLedger;
let superuser: pg.Client;
beforeAll(async () => {
  ledger = await testLedger();
  superuser = new pg.Client({ connectionString: ledger.database.superuserUrl, options: '-c search_path=ledger' });
  await superuser.connect();
  await vatOf(ledger.source, 'DE', '0.19');
});
afterAll(async () => {
  await superuser.end();
  await ledger.close();
});

const july = '2025-07-10T12:00:00.000Z';
const sequencesOf = async (source: DataSource, issuer: string) =>
  (
    await source.query<{ number: number }[]>('SELECT number FROM invoice WHERE issuer_id = $1 ORDER BY number', [
      issuer,
    ])
  ).map(({ number }) => number);

describe('whatever is booked, invoiced and voided in whatever order', () => {
  const dayOf = (n: number) => new Date(Date.UTC(2025, 5, 25 + n)).toISOString().slice(0, 10);
  const step = fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record({
        do: fc.constant('use' as const),
        days: fc.array(fc.nat(12), { minLength: 1, maxLength: 4 }),
        quantity: fc.integer({ min: 0, max: 5000 }),
        price: fc.constantFrom('0.004', '0.01', '0.000333333333', '0'),
        team: fc.constantFrom('a', 'b'),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        do: fc.constant('invoice' as const),
        from: fc.nat(10),
        days: fc.integer({ min: 1, max: 5 }),
      }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('void' as const), which: fc.nat(5) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('pay' as const), which: fc.nat(5) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('terms' as const) }) },
    {
      weight: 2,
      arbitrary: fc.record({ do: fc.constant('correct' as const), which: fc.nat(9), cents: fc.nat(200) }),
    },
  );

  it('each charge of an invoiced day is on exactly one standing invoice, whole, and the books are sound', async () => {
    let run = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 14 }), async (steps) => {
        const org = `history-${(run += 1)}`;
        await customerOf(ledger.source, org, run % 2 === 0 ? 'DE' : undefined);
        const gift = {
          currency: 'USD',
          amount: '3',
          priority: 0,
          idempotencyKey: 'gift',
          validFrom: '2025-06-01T00:00:00Z',
        };
        await giveCredits(ledger.source, { orgId: org, id: 'gift', ...gift });
        const charges = new Map<string, { day: string; amount: Pico; booked: number }>();
        const attempts: { id: string; from: string; to: string; at: number }[] = [];
        for (const [at, step] of steps.entries()) {
          if (step.do === 'use') {
            await bookUsage(
              ledger.source,
              ...step.days.map((day, index) => ({
                ...{ org, id: `e${at}-${index}`, team: step.team, effectiveAt: `${dayOf(day)}T23:59:59.999Z` },
                lines: { out: [step.quantity, step.price] as const, in: [1, '0.001'] as const },
              })),
            );
            const amount = BigInt(step.quantity) * parseAmount(step.price) + parseAmount('0.001');
            for (const [index, day] of step.days.entries())
              charges.set(`e${at}-${index}`, { day: dayOf(day), amount, booked: at });
          } else if (step.do === 'invoice') {
            const period = { from: dayOf(step.from), to: dayOf(step.from + step.days) };
            const refused = await invoiceFor(ledger.source, { orgId: org, id: `i${at}`, period }).then(
              () => undefined,
              (error: unknown) => error,
            );
            if (refused === undefined) attempts.push({ id: `i${at}`, ...period, at });
            else expect(refused).toMatchObject({ code: 'conflict' });
          } else if (step.do === 'terms') await postpaid(ledger.source, org);
          else if (step.do === 'correct') await correctOne(org, [...charges.keys()][step.which], step.cents, at);
          else await changeOne(org, step);
        }
        const { items } = await readInvoices(ledger.source, { orgId: org });
        const standing = new Set(
          items.filter(({ state }) => state === 'final' || state === 'paid').map(({ id }) => id),
        );
        const places = await placesOf(ledger.source, org);
        // Nothing is on two of them, corrections neither.
        for (const place of places.values()) expect(place.size).toBe(1);
        const invoiced = attempts.filter(({ id }) => standing.has(id));
        for (const [event, { day, amount, booked }] of charges) {
          const owners = [...(places.get(event) ?? [])];
          const mustBe = invoiced.some((one) => one.from <= day && day < one.to && one.at > booked);
          if (mustBe) expect([event, owners.map(([, whole]) => whole)]).toEqual([event, [amount]]);
        }
        expect(await unsoundness(ledger.source)).toEqual([]);
        expect(await verifyInvoices(ledger.source)).toEqual([]);
      }),
      { numRuns: 15 },
    );
  });

  async function correctOne(orgId: string, eventId: string | undefined, cents: number, at: number) {
    if (eventId === undefined) return;
    const amount = formatAmount(BigInt(cents) * 10n ** 10n);
    const why = { priceVersion: 'v2', reason: 'a test', idempotencyKey: `correct-${at}` };
    await correctBookedCharge(ledger.source, { orgId, eventId, currency: 'USD', amount, cost: '0', ...why }).catch(
      (error: unknown) => expect(error).toMatchObject({ code: 'conflict' }),
    );
  }

  async function changeOne(org: string, { do: what, which }: { do: 'void' | 'pay'; which: number }) {
    const { items } = await readInvoices(ledger.source, { orgId: org });
    const final = items.filter(({ state }) => state !== 'draft');
    const invoice = final[which % Math.max(1, final.length)];
    if (invoice === undefined) return;
    const named = { orgId: org, id: invoice.id };
    const { outstanding } = invoice.amounts;
    const done =
      what === 'void'
        ? makeVoid(ledger.source, { ...named, reason: 'a test' })
        : bookPayment(ledger.source, { ...named, amount: outstanding, idempotencyKey: `pay-${invoice.id}` });
    await done.catch((error: unknown) =>
      expect(error).toMatchObject({ code: expect.stringMatching(/conflict|invalid/) }),
    );
  }
});

describe('numbers', () => {
  it('have no gap and no double under 8 writers at once, whose database transactions are killed', async () => {
    const writers = await Promise.all(Array.from({ length: 8 }, () => ledger.connect()));
    const orgs = Array.from({ length: 24 }, (_, index) => `gapless-${index}`);
    for (const org of orgs) {
      await customerOf(ledger.source, org, 'DE', 'gapless');
      await bookUsage(ledger.source, { org, id: 'a', effectiveAt: july, lines: { out: [100, '0.01'] } });
      await makeDraft(ledger.source, { orgId: org, id: 'july', currency: 'USD', period: julyDays });
    }
    let isDone = false;
    const kill = (async () => {
      while (!isDone) {
        await superuser.query(
          `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
           WHERE datname = current_database() AND pid <> pg_backend_pid() AND state = 'active' ORDER BY random() LIMIT 1`,
        );
        await new Promise((resolve) => setTimeout(resolve, 15));
      }
    })();
    // Every invoice is asked for by two writers, until one of them has an answer.
    const insist = async (writer: DataSource, orgId: string) => {
      for (;;) {
        try {
          return (await makeFinal(writer, { orgId, id: 'july', evidence: override })).number;
        } catch (error) {
          if (!isPassing(error)) throw error;
        }
      }
    };
    const asked = orgs.flatMap((org, index) =>
      [0, 1].map((twin) => ({ org, at: (index * 2 + twin) % writers.length })),
    );
    const numbers = await Promise.all(asked.map(({ org, at }) => insist(writers[at] ?? ledger.source, org)));
    isDone = true;
    await kill;
    expect(await sequencesOf(ledger.source, 'gapless')).toEqual(orgs.map((_, index) => index + 1));
    expect(new Set(numbers).size).toBe(orgs.length);
    expect(await unsoundness(ledger.source)).toEqual([]);
    expect(await verifyInvoices(ledger.source)).toEqual([]);
  });

  it('run per issuer, and what is refused uses none', async () => {
    for (const [org, issuer] of [
      ['one', 'first'],
      ['two', 'second'],
      ['three', 'first'],
    ] as const) {
      await customerOf(ledger.source, org, undefined, issuer);
      await bookUsage(ledger.source, { org, id: 'a', effectiveAt: july, lines: { out: [100, '0.01'] } });
      await expect(makeFinal(ledger.source, { orgId: org, id: 'july', evidence: override })).rejects.toMatchObject({
        code: 'not_found',
      });
      await invoiceFor(ledger.source, { orgId: org, id: 'july' });
    }
    expect(await sequencesOf(ledger.source, 'first')).toEqual([1, 2]);
    expect(await sequencesOf(ledger.source, 'second')).toEqual([1]);
  });
});

describe('the database refuses, and the verifier tells of,', () => {
  beforeAll(async () => {
    await postpaid(ledger.source, 'guarded');
    await customerOf(ledger.source, 'guarded', 'DE', 'guarded');
    await bookUsage(ledger.source, { org: 'guarded', id: 'a', effectiveAt: july, lines: { out: [100, '0.01'] } });
    await topUpWallet(ledger.source, { orgId: 'guarded', currency: 'USD', amount: '1', idempotencyKey: 't' });
    await invoiceFor(ledger.source, { orgId: 'guarded', id: 'july' });
  });

  const copyOf = (table: string, change: string) =>
    `INSERT INTO ${table} SELECT (jsonb_populate_record(r, '${change}')).* FROM ${table} r WHERE org_id = 'guarded'`;
  const sessions = ['', 'SET session_replication_role = replica'];

  it.each(sessions)('a change of what is final (%s)', async (session) => {
    for (const table of ['invoice', 'invoice_line', 'invoice_tax', 'invoice_coverage', 'billing_profile']) {
      expect(await said(superuser, `UPDATE ${table} SET org_id = org_id`, session)).toMatch(/append-only/);
      expect(await said(superuser, `DELETE FROM ${table}`, session)).toMatch(/append-only/);
      expect(await said(superuser, `TRUNCATE ${table} CASCADE`, session)).toMatch(/append-only/);
      await expect(ledger.source.query(`UPDATE ${table} SET org_id = org_id`)).rejects.toThrow(/permission denied/);
    }
  });

  it.each(sessions)('a line, a tax or charges that are added later (%s)', async (session) => {
    for (const table of ['invoice_line', 'invoice_tax', 'invoice_coverage']) {
      const change = '{"number": 99, "from_day": "2024-01-01", "to_day": "2024-02-01"}';
      expect(await said(superuser, copyOf(table, change), session)).toMatch(
        /is not open|names another database transaction/,
      );
    }
  });

  it.each(sessions)(
    'an invoice that its lines do not add up to, or over days that are not over (%s)',
    async (session) => {
      const transaction = (key: string) =>
        `INSERT INTO transaction (org_id, currency, kind, idempotency_key, effective_at)
       VALUES ('guarded', 'USD', 'invoice', '${key}', now())`;
      const columns = `org_id, id, currency, from_day, to_day, through_block, issuer_id, issuer_profile, billing_profile,
      exact, rounded, total, prepaid, due, paid_by_credits, paid_by_wallets, line_count, root, evidence, transaction_id`;
      const invoice = (change: string) =>
        `INSERT INTO invoice (${columns}) SELECT ${columns} FROM (SELECT (jsonb_populate_record(r, '${change}'
         || jsonb_build_object('transaction_id', (SELECT max(id) FROM transaction)))).* FROM invoice r
         WHERE org_id = 'guarded') AS copied`;
      const empty = '{"id": "x", "exact": 0, "rounded": 0, "total": 0, "prepaid": 0, "due": 0}';
      expect(await said(superuser, `${transaction('x')}; ${invoice('{"id": "x"}')}`, session)).toMatch(/its lines/);
      expect(await said(superuser, `${transaction('x')}; ${invoice(empty)}`, session)).toMatch(/its lines/);
      const future = empty.replace('{', '{"to_day": "2099-01-01", ');
      expect(await said(superuser, `${transaction('x')}; ${invoice(future)}`, session)).toMatch(/not over/);
      // A number that somebody chooses is not the one that it gets, so nothing of the kind is left behind.
      expect(await sequencesOf(ledger.source, 'guarded')).toEqual([1]);
    },
  );

  it('more paid or credited than there is, and a void one that was paid', async () => {
    const pay = (amount: string) =>
      `INSERT INTO transaction (org_id, currency, kind, idempotency_key, effective_at)
         VALUES ('guarded', 'USD', 'payment', gen_random_uuid(), now());
       INSERT INTO invoice_payment (org_id, invoice_id, number, currency, amount, transaction_id)
         VALUES ('guarded', 'july', (SELECT count(*) + 1 FROM invoice_payment), 'USD', ${amount},
           (SELECT max(id) FROM transaction))`;
    expect(await said(superuser, pay('1190000000001'))).toMatch(/can be paid and credited up to/);
    const gone = `INSERT INTO invoice_void (org_id, invoice_id, currency, reason, transaction_id)
      VALUES ('guarded', 'july', 'USD', 'x', (SELECT max(id) FROM transaction))`;
    expect(await said(superuser, `${pay('1')}; ${gone}`)).toMatch(
      /can be paid and credited up to|invoice_void_transaction_id_key/,
    );
  });

  it('a line that was changed by who can switch the guards off', async () => {
    expect(await verifyInvoice(ledger.source, 'guarded', 'july')).toEqual([]);
    await superuser.query(`BEGIN; ALTER TABLE invoice_line DISABLE TRIGGER ALL;
      UPDATE invoice_line SET amount = amount + 1 WHERE org_id = 'guarded';
      ALTER TABLE invoice_line ENABLE TRIGGER ALL; ALTER TABLE invoice_line ENABLE ALWAYS TRIGGER append_only; COMMIT`);
    const [first = '', second] = await verifyInvoice(ledger.source, 'guarded', 'july');
    expect(first).toMatch(new RegExp(`^Invoice guarded/july, line 1: it says .*${formatAmount(10n ** 12n + 1n)}`));
    expect(second).toBe('Invoice guarded/july: its root is of other lines.');
    expect(await verifyInvoice(ledger.source, 'guarded', 'none')).toEqual(['Invoice guarded/none is not in the book.']);
  });
});
