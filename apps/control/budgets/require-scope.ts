import type { DataSource } from 'typeorm';
import type { BudgetScope } from '#contracts/requests/budgets.js';
import { ApiError } from '../errors/api-error.js';
import { VirtualKey } from '../keys/virtual-key.entity.js';
import { Project } from '../organisations/project.entity.js';
import { Team } from '../organisations/team.entity.js';

const entities = { team: Team, project: Project, key: VirtualKey } as const;

/** @throws ApiError 400 for what the organisation does not have: such a budget would bound nothing, and seem to. */
export async function requireScope(
  source: DataSource,
  { organisationId, scope, id }: { organisationId: string; scope: Exclude<BudgetScope, 'organisation'>; id: string },
): Promise<void> {
  const scopes = source.getRepository<Team | Project | VirtualKey>(entities[scope]);
  if (await scopes.existsBy({ organisationId, id })) return;
  throw new ApiError(400, `${scope}_unknown`, `This organisation has no ${scope} "${id}".`, { param: 'scopeId' });
}
