import { Controller, Inject } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { z } from 'zod';
import {
  archiveBudget,
  createBudget,
  getBudget,
  listBudgetAlerts,
  listBudgets,
  reviseBudget,
} from '#contracts/requests/budgets.js';
import { Answers } from '#jetstream/handlers.js';
import { answer } from '../answer.js';
import { addBudget } from './create-budget.js';
import { readAlerts } from './read-alerts.js';
import { readBudget, readBudgets } from './read-budgets.js';
import { changeBudget, endBudget } from './revise-budget.js';

@Controller()
export class BudgetsController {
  constructor(@Inject(DataSource) private readonly source: DataSource) {}

  @Answers(createBudget)
  create(request: z.infer<typeof createBudget.request>) {
    return answer(addBudget(this.source, request, new Date()));
  }

  @Answers(reviseBudget)
  revise(request: z.infer<typeof reviseBudget.request>) {
    return answer(changeBudget(this.source, request, new Date()));
  }

  @Answers(archiveBudget)
  archive(request: z.infer<typeof archiveBudget.request>) {
    return answer(endBudget(this.source, request));
  }

  @Answers(getBudget)
  get({ orgId, id }: z.infer<typeof getBudget.request>) {
    return answer(readBudget(this.source.manager, orgId, id));
  }

  @Answers(listBudgets)
  budgets(request: z.infer<typeof listBudgets.request>) {
    return answer(readBudgets(this.source, request));
  }

  @Answers(listBudgetAlerts)
  alerts(request: z.infer<typeof listBudgetAlerts.request>) {
    return answer(readAlerts(this.source, request));
  }
}
