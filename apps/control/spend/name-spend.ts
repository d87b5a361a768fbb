import { type DataSource, In, type ObjectLiteral, type Repository } from 'typeorm';
import { z } from 'zod';
import { spendRow, type SpendRow } from '#contracts/requests/spend.js';
import { VirtualKey } from '../keys/virtual-key.entity.js';
import { Project } from '../organisations/project.entity.js';
import { Team } from '../organisations/team.entity.js';

/** A row of spend with what people call its team, project and key. Of what has no name, or is unknown here, the id. */
export const namedSpendRow = z
  .object({
    ...spendRow.shape,
    teamName: z.string().exactOptional(),
    projectName: z.string().exactOptional(),
    keyName: z.string().exactOptional(),
  })
  .meta({ id: 'Spend' });
export type NamedSpendRow = z.infer<typeof namedSpendRow>;

export async function nameSpend(
  source: DataSource,
  organisationId: string,
  rows: readonly SpendRow[],
): Promise<NamedSpendRow[]> {
  const names = async <Row extends Named>(repository: Repository<Row>, id: 'teamId' | 'projectId' | 'keyId') =>
    readNames(repository, organisationId, [...new Set(rows.flatMap((row) => row[id] ?? []))]);
  const teams = await names(source.getRepository(Team), 'teamId');
  const projects = await names(source.getRepository(Project), 'projectId');
  const keys = await names(source.getRepository(VirtualKey), 'keyId');
  return rows.map((row) => ({
    ...row,
    ...(row.teamId === undefined ? {} : { teamName: teams.get(row.teamId) ?? row.teamId }),
    ...(row.projectId === undefined ? {} : { projectName: projects.get(row.projectId) ?? row.projectId }),
    ...(row.keyId === undefined ? {} : { keyName: keys.get(row.keyId) ?? row.keyId }),
  }));
}

interface Named extends ObjectLiteral {
  readonly id: string;
  readonly name: string | null;
}

async function readNames<Row extends Named>(
  repository: Repository<Row>,
  organisationId: string,
  ids: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  if (ids.length === 0) return new Map();
  const rows = await repository
    .createQueryBuilder('row')
    .where({ organisationId, id: In(ids) })
    .getMany();
  return new Map(rows.flatMap(({ id, name }) => (name === null ? [] : [[id, name] as const])));
}
