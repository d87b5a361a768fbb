import type { NatsConnection } from '@nats-io/transport-node';
import { type DataSource, In } from 'typeorm';
import { getInvoice, type InvoiceLine, listInvoiceLines } from '#contracts/requests/invoices.js';
import { ask } from '#jetstream/ask.js';
import { ApiError } from '../errors/api-error.js';
import { Project } from '../organisations/project.entity.js';
import { Team } from '../organisations/team.entity.js';
import type { InvoiceDocument, ShownLine } from './fields.js';
import { showInvoice } from './show-invoice.js';

/** Where the invoices and the names of teams come from. */
export interface DocumentRoom {
  readonly nats: NatsConnection;
  readonly source: DataSource;
}

/** An invoice with all of its lines. */
export async function readDocument(room: DocumentRoom, orgId: string, id: string): Promise<InvoiceDocument> {
  const invoice = await ask(room.nats, getInvoice, { orgId, id });
  const lines: InvoiceLine[] = [];
  for (let after: { after?: string } = {}; ;) {
    const { items, next } = await ask(room.nats, listInvoiceLines, { orgId, id, ...after });
    lines.push(...items);
    if (next === undefined) break;
    after = { after: next };
  }
  if (lines.length !== invoice.lineCount) {
    throw new ApiError(503, 'unavailable', `Draft "${id}" was computed again just now: ask again.`, {
      retryAfterSeconds: 1,
    });
  }
  return { ...showInvoice(invoice), lines: await nameLines(room.source, orgId, lines) };
}

export async function nameLines(
  source: DataSource,
  organisationId: string,
  lines: readonly InvoiceLine[],
): Promise<ShownLine[]> {
  const distinct = (ids: readonly string[]) => In([...new Set(ids)]);
  const teams = await source
    .getRepository(Team)
    .findBy({ organisationId, id: distinct(lines.map(({ teamId }) => teamId)) });
  const projects = await source
    .getRepository(Project)
    .findBy({ organisationId, id: distinct(lines.map(({ projectId }) => projectId)) });
  const [teamNames, projectNames] = [teams, projects].map(
    (rows) => new Map(rows.map(({ id, name }) => [id, name] as const)),
  );
  return lines.map((line) => ({
    ...line,
    teamName: teamNames?.get(line.teamId) ?? line.teamId,
    projectName: projectNames?.get(line.projectId) ?? line.projectId,
  }));
}
