import type { DataSource } from 'typeorm';
import type { Policy } from '#contracts/directory.js';
import type { Act } from '../audit/act.js';
import { recordChange } from '../audit/record-change.js';
import type { KeyDirectory } from '../keys/key-directory.js';
import { relaysNotTold } from '../keys/relays-not-told.js';
import { entriesOf, type PolicyScope, readPolicy, writePolicy } from './policy-scope.js';

interface Ports {
  readonly source: DataSource;
  readonly directory: Pick<KeyDirectory, 'tell'>;
}

/**
 * Replaces the policy of a level. When this resolves it is in the directory that the relays watch.
 * @throws ApiError 503 when they could not be told: it stands, and they are told as soon as possible.
 */
export async function setPolicy({ source, directory }: Ports, scope: PolicyScope, policy: Policy, act: Act) {
  const { level, organisationId, id } = scope;
  await source.transaction(async (db) => {
    const before = await readPolicy(db, scope, 'FOR UPDATE');
    await writePolicy(db, scope, policy);
    const target = level === 'organisation' ? {} : { [level]: id };
    await recordChange(db, act, { organisationId, target, before, after: policy });
  });
  try {
    await directory.tell(() => entriesOf(source, scope));
  } catch (error) {
    throw relaysNotTold(
      `The policy of ${level} "${id}" is in the records, but the relays could not be told: they follow it once NATS is back. Repeat this call to be sure.`,
      error,
    );
  }
}
