import type { DataSource, EntityManager } from 'typeorm';
import { RequestFailure } from '#jetstream/request-failure.js';
import { takeTurn } from '../post-transactions.js';

export interface LeaseCall {
  readonly orgId: string;
  /** Of the relay's choice: unique within the organisation for as long as calls are remembered. */
  readonly id: string;
  readonly request: object;
}

/**
 * Works in a turn, once per call: the same call again is answered the same, whatever has happened since.
 * @param work gets the time at which its turn began. Not the database transaction's own: that one may have waited for its
 * turn, and what has expired for one writer must not be open again for the next.
 * @throws RequestFailure `conflict` when the id stands for another call.
 */
export async function answerOnce<Answer extends object>(
  source: DataSource,
  call: LeaseCall,
  work: (db: EntityManager, at: Date) => Promise<Answer>,
): Promise<Answer & { readonly repeated: boolean }> {
  const request = JSON.stringify(call.request);
  return takeTurn(source, async (db) => {
    const [row] = await db.query<{ at: Date; answer: Answer | null; same: boolean | null }[]>(
      `SELECT clock_timestamp() AS at, c.answer, c.request = $3::jsonb AS same
       FROM (SELECT) AS now LEFT JOIN lease_call c ON (c.org_id, c.id) = ($1, $2)`,
      [call.orgId, call.id, request],
    );
    if (row === undefined) throw new Error('The database does not say what time it is.');
    if (row.same === false) {
      throw new RequestFailure(
        'conflict',
        `Call "${call.id}" was answered with other content: another call needs another id.`,
      );
    }
    if (row.answer !== null) return { ...row.answer, repeated: true };
    const answer = await work(db, row.at);
    await db.query('INSERT INTO lease_call (org_id, id, request, answer) VALUES ($1, $2, $3, $4)', [
      call.orgId,
      call.id,
      request,
      JSON.stringify(answer),
    ]);
    return { ...answer, repeated: false };
  });
}
