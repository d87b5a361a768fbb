import 'reflect-metadata';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { budgetAlertEvent } from '#contracts/budget-alert-event.js';
import { createBudget, getBudget, listBudgetAlerts, listBudgets, reviseBudget } from '#contracts/requests/budgets.js';
import { lease, listLeases, renewLease, settleLease } from '#contracts/requests/leases.js';
import { topUp } from '#contracts/requests/wallets.js';
import { alertSubject, chargeSubject, streams } from '#contracts/streams.js';
import { ask } from '#jetstream/ask.js';
import { connectNats } from '#jetstream/connect.js';
import { eventually } from '#jetstream/eventually.fixture.js';
import { publishEvents } from '#jetstream/publish.js';
import { testDatabase, type TestDatabase } from '#testing/database.js';
import { testNats, type TestNats } from '#testing/nats.js';
import { deliveredCharge } from '../charge-event.fixture.js';
import { startLedger } from '../start-ledger.js';
import { budgetRequest, leaseRequest } from './leases.fixture.js';

describe('a running ledger', () => {
  let nats: TestNats;
  let database: TestDatabase;
  let ledger: { close(): Promise<void> };
  let connection: NatsConnection;
  beforeAll(async () => {
    [nats, database] = await Promise.all([testNats(), testDatabase()]);
    ledger = await startLedger({
      ...{ NATS_URL: nats.url, DATABASE_URL: database.url, TOLLGATE_NATS_REPLICAS: 1, TOLLGATE_LOG_LEVEL: 'error' },
    });
    connection = await connectNats({ servers: nats.url, name: 'leases-test' });
  });
  afterAll(async () => {
    await connection.close();
    await ledger.close();
    await nats.stop();
    await database.drop();
  });

  it('leases, books what was leased, and tells of the budget that it reaches', async () => {
    const orgId = 'acme';
    await ask(connection, topUp, { orgId, currency: 'USD', amount: '10', idempotencyKey: 'k' });
    await ask(connection, createBudget, budgetRequest({ orgId, id: 'b', amount: '1', period: 'total' }));
    const request = leaseRequest({ orgId, leaseId: 'l', amount: '2' });
    const limitedBy = { kind: 'budget', budgetId: 'b' };
    expect(await ask(connection, lease, request)).toMatchObject({ status: 'granted', amount: '1', limitedBy });
    expect(await ask(connection, lease, { ...request, leaseId: 'm' })).toMatchObject({
      status: 'refused',
      limit: limitedBy,
      reason: 'Budget "b" has nothing left in USD that is not spent or leased, until it is raised.',
    });
    const renewal = { orgId, leaseId: 'l', callId: 'r', ttlSeconds: 60, amount: '1' };
    expect(await ask(connection, renewLease, renewal)).toMatchObject({ status: 'renewed', added: '0', limitedBy });

    const charge = {
      org: orgId,
      id: 'e',
      amount: 6n * 10n ** 11n,
      leaseId: 'l',
      effectiveAt: new Date().toISOString(),
    };
    await publishEvents(jetstream(connection), chargeSubject(orgId), [deliveredCharge(charge).event]);
    const settlement = { orgId, leaseId: 'l', callId: 's', total: '0.7' };
    expect(await ask(connection, settleLease, settlement)).toMatchObject({ released: '0.3' });
    await eventually(async () => {
      const { current } = await ask(connection, getBudget, { orgId, id: 'b' });
      expect(current).toEqual({ spent: '0.6', held: '0.1', remaining: '0.3' });
    });
    expect((await ask(connection, listLeases, { orgId })).items).toMatchObject([{ used: '0.6', status: 'settled' }]);

    const manager = await jetstreamManager(connection);
    await eventually(async () => {
      const told = await manager.streams.getMessage(streams.alerts.name, { last_by_subj: alertSubject(orgId) });
      const [event] = told?.json<unknown[]>() ?? [];
      expect(budgetAlertEvent.parse(event).data).toMatchObject({ threshold: 50, spent: '0.6', period: {} });
    });
    expect((await ask(connection, listBudgetAlerts, { orgId })).items).toHaveLength(1);
    const change = { orgId, id: 'b', requestId: 'r', change: { amount: '5' } };
    expect(await ask(connection, reviseBudget, change)).toMatchObject({ revision: 2, amount: '5' });
    expect((await ask(connection, listBudgets, { orgId })).items).toHaveLength(1);
  });
});
