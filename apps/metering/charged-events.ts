/**
 * The two relations that reconciliation asks for, each with one row per event: org_id, hour, model, status, currency,
 * event_id, usage_hash, quantity (UInt128), amount, cost. `where` is a condition on org_id, hour and model.
 */
export type EventSource = (where: string) => string;

/** As charged: the projection of CHARGES, with quantities from the projection of USAGE. */
export const chargedEvents: EventSource = (where) => `
  SELECT org_id, hour, model, status, currency, event_id, usage_hash, toUInt128(usage.quantity) AS quantity, amount, cost
  FROM (
    SELECT org_id, hour, model, status, currency, event_id, usage_hash, amount, cost
    FROM charges WHERE usage_sequence <= {cut:UInt64} AND ${where}
  ) AS charge
  LEFT JOIN (
    SELECT org_id, hour, event_id, usage_hash, arraySum(line_quantity) AS quantity FROM usage_events WHERE ${where}
  ) AS usage USING (org_id, hour, event_id, usage_hash)`;
