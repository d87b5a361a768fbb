import { type DataSource, IsNull } from 'typeorm';
import type { Act } from '../audit/act.js';
import { recordChange } from '../audit/record-change.js';
import { notFound } from '../errors/api-error.js';
import { showKey } from './virtual-key.js';
import { VirtualKey } from './virtual-key.entity.js';

export type KeyId = Pick<VirtualKey, 'organisationId' | 'id'>;

/** In the table. The relays have yet to be told. @throws not_found */
export function writeRevocation(source: DataSource, { organisationId, id }: KeyId, act: Act): Promise<VirtualKey> {
  return source.transaction(async (db) => {
    const keys = db.getRepository(VirtualKey);
    const before = await keys.findOne({ where: { organisationId, id }, lock: { mode: 'pessimistic_write' } });
    if (before === null) throw notFound('key', id);
    if (before.revokedAt !== null) return before;
    const after = { ...before, revokedAt: new Date() };
    await keys.update({ organisationId, id, revokedAt: IsNull() }, { revokedAt: after.revokedAt });
    await recordChange(db, act, {
      organisationId,
      target: { key: id },
      before: showKey(before),
      after: showKey(after),
    });
    return after;
  });
}
