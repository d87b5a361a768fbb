import { isDeepStrictEqual } from 'node:util';
import { type DataSource, type EntityManager, IsNull } from 'typeorm';
import { uuidv7 } from 'uuidv7';
import { sealSecret, type SecretOwner, type SecretsKey } from '#config/seal-secret.js';
import type { Act } from '../audit/act.js';
import { recordChange } from '../audit/record-change.js';
import { ApiError, notFound } from '../errors/api-error.js';
import { insertRow } from '../lists/insert-row.js';
import { Organisation } from '../organisations/organisation.entity.js';
import { Channel } from './channel.entity.js';
import { type NewChannel, type NewRevision, showChannel } from './fields.js';

interface Ports {
  readonly source: DataSource;
  /** Undefined where none is configured. */
  readonly key: SecretsKey | undefined;
}

/** Each of these is committed with its entry of the audit log, which shows what the API shows. */
export function createChannel({ source, key }: Ports, act: Act, request: NewChannel): Promise<Channel> {
  const { id = uuidv7(), secret, ...fields } = request;
  const sealed = secret === undefined ? {} : seal(secret, { id, ...fields }, key);
  return source.transaction(async (db) => {
    await requireOrganisation(db, fields.organisation);
    const taken = () => new ApiError(409, 'id_taken', `There is or was a channel "${id}" already.`, { param: 'id' });
    const row = { id, fields, secret: null, secretSetAt: null, removedAt: null, ...sealed, updatedAt: new Date() };
    const channel = await insertRow(db.getRepository(Channel), row, { channel_pkey: taken });
    await recordChange(db, act, { target: { channel: id }, after: showChannel(channel) });
    return channel;
  });
}

export function reviseChannel(
  { source, key }: Ports,
  act: Act,
  { id, secret, ...fields }: NewRevision & { readonly id: string },
): Promise<Channel> {
  const sealed =
    secret === undefined
      ? {}
      : secret === null
        ? { secret: null, secretSetAt: null }
        : seal(secret, { id, ...fields }, key);
  return change(source, act, id, async (channel, db) => {
    await requireOrganisation(db, fields.organisation);
    if (secret === undefined && channel.secret !== null) refuseToRedirect(channel.fields, fields);
    return { ...channel, ...sealed, fields, updatedAt: new Date() };
  });
}

/** A channel of nobody's would wait for whoever takes the id later. */
async function requireOrganisation(db: EntityManager, id: string | undefined): Promise<void> {
  if (id === undefined || (await db.getRepository(Organisation).existsBy({ id }))) return;
  throw new ApiError(400, 'organisation_unknown', `There is no organisation "${id}".`, { param: 'organisation' });
}

/**
 * A secret that can only be written could be read at an address of one's own; and the account of one organisation would
 * become everybody's when `organisation` is forgotten.
 */
function refuseToRedirect(before: Channel['fields'], after: Channel['fields']): void {
  const changed = (['adapter', 'baseUrl', 'settings', 'organisation'] as const).find(
    (name) => !isDeepStrictEqual(before[name], after[name]),
  );
  if (changed === undefined) return;
  const message = `The secret was set for another ${changed}: send "secret" again with this change.`;
  throw new ApiError(409, 'secret_required', message, { param: 'secret' });
}

/** For ever. Its secret is gone, its id stays taken. */
export function removeChannel({ source }: Pick<Ports, 'source'>, act: Act, id: string): Promise<Channel> {
  const removedAt = new Date();
  const gone = { secret: null, secretSetAt: null, removedAt, updatedAt: removedAt };
  return change(source, act, id, (channel) => Promise.resolve({ ...channel, ...gone }));
}

export async function findChannel(db: Pick<EntityManager, 'getRepository'>, id: string): Promise<Channel> {
  const channel = await db.getRepository(Channel).findOneBy({ id, removedAt: IsNull() });
  if (channel === null) throw notFound('channel', id);
  return channel;
}

function change(
  source: DataSource,
  act: Act,
  id: string,
  to: (channel: Channel, db: EntityManager) => Promise<Channel>,
): Promise<Channel> {
  return source.transaction(async (db) => {
    await db.query('SELECT FROM channel WHERE id = $1 FOR UPDATE', [id]);
    const before = await findChannel(db, id);
    const { id: _, createdAt: __, ...after } = await to(before, db);
    await db.getRepository(Channel).update({ id }, after);
    const channel = { ...before, ...after };
    const changed = { before: showChannel(before), after: showChannel(channel) };
    await recordChange(db, act, { target: { channel: id }, ...changed });
    return channel;
  });
}

function seal(secret: string, owner: SecretOwner, key: SecretsKey | undefined) {
  if (key !== undefined) return { secret: sealSecret(secret, owner, key), secretSetAt: new Date() };
  const message = 'Secrets cannot be kept: set TOLLGATE_SECRETS_KEY, the same for control and every relay.';
  throw new ApiError(409, 'secrets_key_missing', message, { param: 'secret' });
}
