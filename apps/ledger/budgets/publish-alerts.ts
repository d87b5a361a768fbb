import type { JetStreamClient } from '@nats-io/jetstream';
import type { DataSource } from 'typeorm';
import type { BudgetAlertEvent } from '#contracts/budget-alert-event.js';
import { dataHash } from '#contracts/cloud-event.js';
import type { BudgetAlert } from '#contracts/requests/budgets.js';
import { alertSubject } from '#contracts/streams.js';
import { publishEvents } from '#jetstream/publish.js';
import { type AlertRow, selectAlerts, toAlert } from './read-alerts.js';

const maxAlertsAtOnce = 100;

/**
 * Puts alerts on ALERTS that are not there yet, at least once: they are raised with the charges that reach them, and may
 * be told only after these are committed. An alert is a message of its own and always the same bytes, so that the stream
 * recognises a repeated one.
 */
export async function publishAlerts(source: DataSource, js: JetStreamClient): Promise<void> {
  for (;;) {
    const rows = await source.query<AlertRow[]>(
      `${selectAlerts} WHERE a.published_at IS NULL ORDER BY a.raised_at, a.id LIMIT $1`,
      [maxAlertsAtOnce],
    );
    for (const row of rows) {
      await publishEvents(js, alertSubject(row.org_id), [toEvent(toAlert(row))]);
      await source.query('UPDATE budget_alert SET published_at = now() WHERE id = $1', [row.id]);
    }
    if (rows.length < maxAlertsAtOnce) return;
  }
}

function toEvent(alert: BudgetAlert): BudgetAlertEvent {
  return {
    specversion: '1.0',
    id: alert.id,
    source: 'tollgate/ledger',
    type: 'tollgate.budget-alert.v1',
    time: alert.raisedAt,
    datacontenttype: 'application/json',
    org: alert.orgId,
    datahash: dataHash(alert),
    data: alert,
  };
}
