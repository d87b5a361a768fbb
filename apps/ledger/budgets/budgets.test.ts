import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import type { DataSource } from 'typeorm';
import { customerWallet, usageRevenue } from '#accounting/chart-of-accounts.js';
import { budgetAlertEvent } from '#contracts/budget-alert-event.js';
import { dataHash } from '#contracts/cloud-event.js';
import { type BudgetState, createBudget } from '#contracts/requests/budgets.js';
import { alertSubject, streams } from '#contracts/streams.js';
import { connectNats } from '#jetstream/connect.js';
import { ensureTopology } from '#jetstream/topology.js';
import { parseAmount } from '#money/pico.js';
import { testNats } from '#testing/nats.js';
import { closeSound } from '../expectations.fixture.js';
import { anId, book, budgetRequest } from '../leases/leases.fixture.js';
import { postTransactions, takeTurn } from '../post-transactions.js';
import { type TestLedger, testLedger } from '../test-ledger.fixture.js';
import { countSpending } from './count-spending.js';
import { addBudget } from './create-budget.js';
import { verifyLedger } from '../chain/verify-ledger.js';
import { publishAlerts } from './publish-alerts.js';
import { readAlerts } from './read-alerts.js';
import { readBudget, readBudgets } from './read-budgets.js';
import { proveSpending, rebuildSpending } from './recompute-spending.js';
import { changeBudget, endBudget } from './revise-budget.js';

describe('a budget', () => {
  let ledger: TestLedger;
  let source: DataSource;
  beforeAll(async () => {
    ledger = await testLedger();
    source = ledger.source;
  });
  afterAll(() => closeSound(ledger));

  const july = new Date('2026-07-15T12:00:00Z');
  const create = (sketch: Parameters<typeof budgetRequest>[0], now = new Date()): Promise<BudgetState> =>
    addBudget(source, budgetRequest({ id: 'b', ...sketch }), now);
  const alerts = async (orgId: string) =>
    (await readAlerts(source, { orgId })).items.map(({ threshold, spent, period }) => [threshold, spent, period.start]);
  const spentOf = async (orgId: string, id = 'b') =>
    Object.fromEntries(
      (
        await source.query<{ start: string; spent: string }[]>(
          `SELECT period_start::text AS start, (spent / 1e12)::float8::text AS spent FROM budget_spent
           WHERE org_id = $1 AND budget_id = $2 ORDER BY period_start`,
          [orgId, id],
        )
      ).map(({ start, spent }) => [start, spent]),
    );

  it('counts what is booked in its running period already, and nothing from before that', async () => {
    await book(source, 'mid', '1', { effectiveAt: '2026-06-30T23:59:59.999Z' });
    await book(source, 'mid', '2', { effectiveAt: '2026-07-01T00:00:00.000Z' });
    await book(source, 'mid', '4', { effectiveAt: '2026-07-14T00:00:00.000Z', team: 'sales' });
    await book(source, 'mid', '8', { effectiveAt: '2026-07-14T00:00:00.000Z', currency: 'EUR' });
    await create({ orgId: 'mid', amount: '100' }, july);
    await create({ orgId: 'mid', id: 'team', scope: 'team', scopeId: 'sales', amount: '100', period: 'total' }, july);
    expect(await spentOf('mid')).toEqual({ '2026-07-01 00:00:00+00': '6' });
    expect(await spentOf('mid', 'team')).toEqual({ '-infinity': '4' });
    await book(source, 'mid', '16', { effectiveAt: '2026-06-30T00:00:00.000Z' });
    expect(await spentOf('mid')).toEqual({ '2026-07-01 00:00:00+00': '6' });
  });

  it('counts a boundary event in the period that it starts, and a late one in the period in which it happened: fault 25', async () => {
    await create({ orgId: 'late', amount: '100', period: 'day', timeZone: 'America/New_York' }, july);
    // The last day of July, the first of August, and that one's first moment; then July again.
    await book(source, 'late', '1', { effectiveAt: '2026-08-01T03:59:59.999Z' });
    await book(source, 'late', '2', { effectiveAt: '2026-08-01T04:00:00.000Z' });
    await book(source, 'late', '4', { effectiveAt: '2026-08-02T03:59:59.999Z' });
    await book(source, 'late', '8', { effectiveAt: '2026-07-31T04:00:00.000Z' });
    // A day of 25 hours.
    await book(source, 'late', '16', { effectiveAt: '2026-11-01T04:00:00.000Z' });
    await book(source, 'late', '32', { effectiveAt: '2026-11-02T04:59:59.999Z' });
    expect(await spentOf('late')).toEqual({
      '2026-07-31 04:00:00+00': '9',
      '2026-08-01 04:00:00+00': '6',
      '2026-11-01 04:00:00+00': '48',
    });
  });

  it('raises each alert once per period, when its threshold is crossed', async () => {
    await create({ orgId: 'alert', amount: '1' }, july);
    const at = (effectiveAt: string, amount: string) => book(source, 'alert', amount, { effectiveAt });
    await at('2026-07-20T00:00:00Z', '0.499999999999');
    expect(await alerts('alert')).toEqual([]);
    await at('2026-07-20T00:00:00Z', '0.000000000001');
    await at('2026-07-21T00:00:00Z', '0.1');
    await at('2026-07-22T00:00:00Z', '0.7');
    await at('2026-07-23T00:00:00Z', '5');
    // Another period, and one more late charge of the first.
    await at('2026-08-01T00:00:00Z', '0.6');
    await at('2026-07-31T23:00:00Z', '5');
    const [first, second] = ['2026-07-01T00:00:00.000Z', '2026-08-01T00:00:00.000Z'];
    expect(await alerts('alert')).toEqual([
      [50, '0.5', first],
      [80, '1.3', first],
      [100, '1.3', first],
      [50, '0.6', second],
    ]);
  });

  it('raises one alert when many writers cross a threshold together', async () => {
    await create({ orgId: 'together', amount: '1', period: 'total' });
    const writers = await Promise.all([ledger.connect(), ledger.connect(), ledger.connect()]);
    await Promise.all(
      Array.from({ length: 30 }, (_, index) => book(writers[index % 3] as DataSource, 'together', '0.05')),
    );
    expect((await alerts('together')).map(([threshold, spent]) => [threshold, spent])).toEqual([
      [50, '0.5'],
      [80, '0.8'],
      [100, '1'],
    ]);
  });

  it('is revised from now on: latest wins, what a lower amount crosses is alerted, and nothing twice', async () => {
    await create({ orgId: 'revised', amount: '10', period: 'year' });
    await book(source, 'revised', '6');
    const revise = (requestId: string, change: Parameters<typeof changeBudget>[1]['change']) =>
      changeBudget(source, { orgId: 'revised', id: 'b', requestId, change }, new Date());
    expect(await revise('r1', { amount: '7', enforcement: 'soft' })).toMatchObject({
      ...{ revision: 2, amount: '7', enforcement: 'soft', thresholds: [50, 80, 100] },
      current: { spent: '6', remaining: '1' },
    });
    expect(await revise('r2', { amount: '20' })).toMatchObject({ revision: 3, amount: '20' });
    expect(await revise('r1', { amount: '7', enforcement: 'soft' })).toMatchObject({ revision: 3, amount: '20' });
    await book(source, 'revised', '10');
    expect((await alerts('revised')).map(([threshold, spent]) => [threshold, spent])).toEqual([
      [50, '6'],
      [80, '6'],
    ]);
  });

  it('is archived for ever: it counts and limits no more, and stays to be read', async () => {
    await create({ orgId: 'archived', amount: '1' });
    await book(source, 'archived', '0.4');
    expect(await endBudget(source, { orgId: 'archived', id: 'b' })).toMatchObject({ archived: true, revision: 2 });
    expect(await endBudget(source, { orgId: 'archived', id: 'b' })).toMatchObject({ archived: true, revision: 2 });
    await book(source, 'archived', '0.4');
    expect((await readBudget(source.manager, 'archived', 'b')).current.spent).toBe('0.4');
    await expect(
      changeBudget(source, { orgId: 'archived', id: 'b', requestId: 'r', change: { amount: '2' } }, new Date()),
    ).rejects.toMatchObject({ code: 'conflict', message: /archived/ });
  });

  it('is created once: the same again is the same, the id with anything else a conflict', async () => {
    const first = await create({ orgId: 'once', amount: '1.50' });
    expect(await create({ orgId: 'once', amount: '1.5' })).toEqual(first);
    await expect(create({ orgId: 'once', amount: '2' })).rejects.toMatchObject({ code: 'conflict' });
    await expect(create({ orgId: 'once', amount: '1.5', timeZone: 'Asia/Tokyo' })).rejects.toMatchObject({
      code: 'conflict',
    });
    await expect(create({ orgId: 'once', id: 'x', amount: '1', scopeId: 'twice' })).rejects.toMatchObject({
      code: 'invalid',
    });
    await expect(readBudget(source.manager, 'twice', 'b')).rejects.toMatchObject({ code: 'not_found' });
  });

  it('takes no zone, threshold or amount that it could not keep', () => {
    const allowed = (sketch: object) =>
      createBudget.request.safeParse({ ...budgetRequest({ orgId: 'o', amount: '1' }), ...sketch }).success;
    expect(allowed({ timeZone: 'Asia/Kathmandu', thresholds: [] })).toBe(true);
    for (const wrong of [
      ...[{ timeZone: 'Mars/Olympus' }, { timeZone: '+02:00' }, { thresholds: [0] }, { thresholds: [50, 50] }],
      ...[{ amount: '-1' }, { amount: 'NaN' }, { period: 'hour' }],
    ]) {
      expect([wrong, allowed(wrong)]).toEqual([wrong, false]);
    }
  });

  it('is listed page by page with what is spent and left of its running period', async () => {
    for (const id of ['one', 'three', 'two']) await create({ orgId: 'list', id, amount: '2', period: 'total' });
    await book(source, 'list', '0.5');
    const first = await readBudgets(source, { orgId: 'list', limit: 2 });
    const rest = await readBudgets(source, { orgId: 'list', limit: 2, after: String(first.next) });
    expect([...first.items, ...rest.items].map(({ id, current }) => [id, current])).toEqual(
      ['one', 'three', 'two'].map((id) => [id, { spent: '0.5', held: '0', remaining: '1.5' }]),
    );
    expect(rest.next).toBeUndefined();
  });

  it('counts an adjustment in the period of its charge, and proves both together', async () => {
    await create({ orgId: 'fixed', amount: '10' }, july);
    const effectiveAt = '2026-07-20T00:00:00.000Z';
    await book(source, 'fixed', '2', { id: 'e', effectiveAt });
    await takeTurn(source, async (db) => {
      const [id] = await postTransactions(db, [
        {
          ...{ orgId: 'fixed', currency: 'USD', kind: 'correction', idempotencyKey: anId('correction'), effectiveAt },
          postings: [{ debit: usageRevenue('openai'), credit: customerWallet('default'), amount: parseAmount('0.5') }],
        },
      ]);
      await db.query(
        `INSERT INTO adjustment (org_id, event_id, number, currency, amount, cost, price_version, reason, transaction_id)
         VALUES ('fixed', 'e', 1, 'USD', $1, 0, 'v', 'the price was wrong', $2)`,
        [(-parseAmount('0.5')).toString(), id],
      );
      await countSpending(db, [
        {
          ...{ orgId: 'fixed', teamId: 'research', projectId: 'search', keyId: 'key-1', currency: 'USD' },
          ...{ amount: -parseAmount('0.5'), effectiveAtMs: Date.parse(effectiveAt) },
        },
      ]);
    });
    expect(await spentOf('fixed')).toEqual({ '2026-07-01 00:00:00+00': '1.5' });
    expect(await proveSpending(source)).toEqual([]);
  });

  it('names what is kept otherwise than booked, and is built again from the book', async () => {
    await create({ orgId: 'wrong', amount: '10', period: 'week' }, july);
    await book(source, 'wrong', '2', { effectiveAt: '2026-07-20T00:00:00Z' });
    await book(source, 'wrong', '3', { effectiveAt: '2026-07-27T00:00:00Z' });
    await source.query(
      "UPDATE budget_spent SET spent = spent + 1 WHERE org_id = 'wrong' AND period_start = '2026-07-20'",
    );
    await source.query("DELETE FROM budget_spent WHERE org_id = 'wrong' AND period_start = '2026-07-27'");
    const difference = { orgId: 'wrong', budgetId: 'b' };
    expect(await proveSpending(source)).toEqual([
      { ...difference, periodStart: '2026-07-20T00:00:00.000Z', kept: '2.000000000001', booked: '2' },
      { ...difference, periodStart: '2026-07-27T00:00:00.000Z', kept: '0', booked: '3' },
    ]);
    const { results } = await verifyLedger(ledger.database.url);
    expect(results.find(({ check }) => check === 'spending')).toMatchObject({
      wrong: 2,
      first: { key: 'wrong b 2026-07-20T00:00:00.000Z', stored: '2.000000000001', expected: '2' },
    });
    await rebuildSpending(source);
    expect(await proveSpending(source)).toEqual([]);
  });

  it('cannot be edited or erased, by the ledger itself neither', async () => {
    await create({ orgId: 'kept', amount: '10' });
    for (const attempt of [
      ...["UPDATE budget SET currency = 'EUR'", 'DELETE FROM budget', 'UPDATE budget_revision SET amount = 0'],
      ...['DELETE FROM budget_revision', 'UPDATE budget_alert SET threshold = 1', 'DELETE FROM budget_alert'],
    ]) {
      await expect(source.query(attempt)).rejects.toThrow(/permission denied/);
    }
  });

  it('tells its alerts on ALERTS, each once however often it is published', async () => {
    const nats = await testNats();
    const connection = await connectNats({ servers: nats.url, name: 'budgets-test' });
    try {
      await ensureTopology(connection);
      await create({ orgId: 'told', amount: '1' }, july);
      await book(source, 'told', '0.9', { effectiveAt: '2026-07-20T00:00:00Z' });
      await publishAlerts(source, jetstream(connection));
      // As after a crash between the publishing and its mark.
      await source.query("UPDATE budget_alert SET published_at = NULL WHERE org_id = 'told'");
      await publishAlerts(source, jetstream(connection));
      const manager = await jetstreamManager(connection);
      const { state } = await manager.streams.info(streams.alerts.name, { subjects_filter: alertSubject('told') });
      expect(state.subjects).toEqual({ [alertSubject('told')]: 2 });
      const last = await manager.streams.getMessage(streams.alerts.name, { last_by_subj: alertSubject('told') });
      const [event] = last?.json<unknown[]>() ?? [];
      const { data, datahash } = budgetAlertEvent.parse(event);
      expect(data).toMatchObject({ budgetId: 'b', threshold: 80, amount: '1', spent: '0.9' });
      expect(data.period).toEqual({ start: '2026-07-01T00:00:00.000Z', end: '2026-08-01T00:00:00.000Z' });
      expect(datahash).toBe(dataHash(data));
    } finally {
      await connection.close();
      await nats.stop();
    }
  });
});
