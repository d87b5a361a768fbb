import { setTimeout as sleep } from 'node:timers/promises';
import type { NatsConnection } from '@nats-io/transport-node';
import { type INestApplicationContext, Logger } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { uuidv7 } from 'uuidv7';
import { hashKey } from '#config/key-hash.js';
import { topUp } from '#contracts/requests/wallets.js';
import { ask, RequestFailure } from '#jetstream/ask.js';
import { NATS_CONNECTION } from '#jetstream/jetstream.module.js';
import { last4, newSecret } from '../access/new-secret.js';
import type { ControlConfig } from '../control.config.js';
import { VirtualKey } from '../keys/virtual-key.entity.js';
import { Organisation } from '../organisations/organisation.entity.js';
import { Project } from '../organisations/project.entity.js';
import { Team } from '../organisations/team.entity.js';

const organisationId = 'demo';
const teams = [
  { id: 'search', name: 'Search', project: { id: 'web', name: 'Web' } },
  { id: 'support', name: 'Support', project: { id: 'helpdesk', name: 'Helpdesk' } },
  { id: 'research', name: 'Research', project: { id: 'lab', name: 'Lab' } },
];
/** The project whose key has the text that was given. */
const projectOfGivenKey = 'web';
const credit = { currency: 'USD', amount: '1000', idempotencyKey: 'demo-seed' };
const ledgerRetryMs = 1_000;

/**
 * An organisation to try things with, when a demo key is configured. Every step does nothing when it was done before,
 * so a start that was broken off goes on where it stopped.
 */
export async function seedDemo(app: INestApplicationContext, config: ControlConfig): Promise<void> {
  const { TOLLGATE_DEMO_KEY: key, TOLLGATE_KEY_PEPPER: pepper } = config;
  if (key === undefined) return;
  await app.get(DataSource).transaction((db) => seedOrganisation(db, key, pepper));
  await fillWallet(app.get<NatsConnection>(NATS_CONNECTION));
}

async function seedOrganisation(db: EntityManager, givenKey: string, pepper: string): Promise<void> {
  if (!(await db.existsBy(Organisation, { id: organisationId }))) {
    await db.insert(Organisation, { id: organisationId, name: 'Demo' });
    for (const { id: teamId, name, project } of teams) {
      await db.insert(Team, { organisationId, id: teamId, name });
      await db.insert(Project, { organisationId, teamId, ...project });
      if (project.id !== projectOfGivenKey) await db.insert(VirtualKey, keyOf(project.id, newSecret('tg'), pepper));
    }
  }
  // The organisation may be older than the key: local secrets were made anew.
  const key = keyOf(projectOfGivenKey, givenKey, pepper);
  if (!(await isKnown(db, key.hash))) await db.insert(VirtualKey, key);
}

/** Also when the key has been given another secret since: it must not come back to life as another key. */
async function isKnown(db: EntityManager, hash: string): Promise<boolean> {
  if (await db.existsBy(VirtualKey, { hash })) return true;
  const retired = await db.query<unknown[]>('SELECT FROM retired_secret WHERE hash = $1', [hash]);
  return retired.length > 0;
}

function keyOf(projectId: string, key: string, pepper: string) {
  const name = `Demo, ${projectId}`;
  return { organisationId, id: uuidv7(), projectId, name, hash: hashKey(key, pepper), last4: last4(key) };
}

/** The ledger may come up after us: its answer is waited for. */
async function fillWallet(nats: NatsConnection): Promise<void> {
  const log = new Logger('Demo');
  for (;;) {
    try {
      await ask(nats, topUp, { orgId: organisationId, ...credit });
      return;
    } catch (error) {
      if (!(error instanceof RequestFailure) || error.code !== 'unavailable') throw error;
      log.log('The demo wallet waits for the ledger.');
      await sleep(ledgerRetryMs);
    }
  }
}
