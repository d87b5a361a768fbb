import type { EntityManager } from 'typeorm';
import type { BudgetTerms } from '#contracts/requests/budgets.js';
import { readAmount } from '../leases/read-amount.js';

export interface NewRevision extends BudgetTerms {
  readonly orgId: string;
  readonly id: string;
  readonly number: number;
  readonly requestId: string;
  readonly archived: boolean;
}

export async function writeRevision(db: EntityManager, revision: NewRevision): Promise<void> {
  await db.query(
    `INSERT INTO budget_revision (org_id, budget_id, number, request_id, amount, enforcement, thresholds, archived)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
    [
      ...[revision.orgId, revision.id, revision.number, revision.requestId, readAmount(revision.amount).toString()],
      ...[revision.enforcement, revision.thresholds, revision.archived],
    ],
  );
}
