import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { NatsConnection } from '@nats-io/transport-node';
import { getPriceBook } from '#contracts/requests/prices.js';
import { generalLedgerTotals, ledgerCells } from '#contracts/requests/reconciliation.js';
import { connectNats } from '#jetstream/connect.js';
import { testNats, type TestNats } from '#testing/nats.js';
import { askSource } from './ask-source.js';
import { cellSources, readCells } from './read-sources.js';

let nats: TestNats;
let connection: NatsConnection;
beforeAll(async () => {
  nats = await testNats();
  connection = await connectNats({ servers: nats.url, name: 'test' });
});
afterAll(async () => {
  await connection.close();
  await nats.stop();
});

function refuse(subject: string, code: string): void {
  const body = JSON.stringify({ error: { code, message: 'No.' } });
  connection.subscribe(subject, { callback: (_, message) => void message.respond(body) });
}

it('does not blame whoever asked for a run for a question that the run made of stored data', async () => {
  refuse(ledgerCells.subject, 'invalid');
  const cells = readCells(connection, cellSources.ledger, { usageSequence: 1, orgId: undefined });
  await expect(cells).rejects.toMatchObject({ code: 'internal', message: expect.stringContaining('No.') });
});

it('passes on every other failure', async () => {
  refuse(getPriceBook.subject, 'not_found');
  refuse(generalLedgerTotals.subject, 'unavailable');
  await expect(askSource(connection, getPriceBook, { version: 'none' })).rejects.toMatchObject({ code: 'not_found' });
  await expect(askSource(connection, generalLedgerTotals, {})).rejects.toMatchObject({ code: 'unavailable' });
});
