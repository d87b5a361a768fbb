import type { ObjectLiteral, Repository } from 'typeorm';
import { type List, list, type PageQuery } from './list.js';

/** A page of rows in the order of their ids, which for generated ids is that of their creation. */
export async function findPage<Row extends ObjectLiteral & { id: string }, Shown>(
  repository: Repository<Row>,
  where: Partial<Row>,
  { limit, after }: PageQuery,
  show: (row: Row) => Shown,
): Promise<List<Shown>> {
  const query = repository
    .createQueryBuilder('row')
    .where(where)
    .orderBy('row.id')
    .limit(limit + 1);
  if (after !== undefined) query.andWhere('row.id > :after', { after });
  const rows = await query.getMany();
  const page = rows.slice(0, limit);
  return list(page.map(show), rows.length > limit ? page.at(-1)?.id : undefined);
}
