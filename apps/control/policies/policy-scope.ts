import type { DataSource, EntityManager } from 'typeorm';
import { type Policy, type PolicyLevel } from '#contracts/directory.js';
import { notFound } from '../errors/api-error.js';
import { type DirectoryEntries, entryNameOf, readKeyEntries, readPolicyEntries } from '../keys/read-directory.js';

/** Whose policy: the organisation's own has its id twice. */
export interface PolicyScope {
  readonly level: PolicyLevel;
  readonly organisationId: string;
  readonly id: string;
}

const tables = { organisation: 'organisation', team: 'team', project: 'project', key: 'virtual_key' } as const;

/** The table's name is one of ours, so it may stand in SQL. */
function rowOf({ level }: PolicyScope): string {
  return level === 'organisation' ? 'id = $1 AND id = $2' : 'organisation_id = $1 AND id = $2';
}

/**
 * @param lock holds the row until the end of the transaction.
 * @throws not_found
 */
export async function readPolicy(
  db: Pick<EntityManager, 'query'>,
  scope: PolicyScope,
  lock: '' | 'FOR UPDATE' = '',
): Promise<Policy> {
  const { level, organisationId, id } = scope;
  const [row] = await db.query<{ policy: Policy | null }[]>(
    `SELECT policy FROM ${tables[level]} WHERE ${rowOf(scope)} ${lock}`,
    [organisationId, id],
  );
  if (row === undefined) throw notFound(level, id);
  return row.policy ?? {};
}

export async function writePolicy(db: Pick<EntityManager, 'query'>, scope: PolicyScope, policy: Policy): Promise<void> {
  const { level, organisationId, id } = scope;
  await db.query(`UPDATE ${tables[level]} SET policy = $3 WHERE ${rowOf(scope)}`, [
    organisationId,
    id,
    JSON.stringify(policy),
  ]);
}

/** The entries of the directory that say it: a key's own policy stands in the entry of each of its secrets. */
export async function entriesOf(source: DataSource, scope: PolicyScope): Promise<DirectoryEntries> {
  const { level, organisationId } = scope;
  if (level === 'key') return readKeyEntries(source, scope);
  const name = entryNameOf({ ...scope, level });
  const policies = await readPolicyEntries(source, organisationId);
  return new Map([...policies].filter(([entry]) => entry === name));
}
