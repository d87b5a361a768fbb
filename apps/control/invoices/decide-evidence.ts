import type { InvoiceEvidence } from '#contracts/requests/invoices.js';
import type { ReconciliationRun } from '#contracts/requests/reconciliation.js';

/** Above this nothing is made final, unless somebody takes the responsibility by name. */
export const maxGrossErrorPpm = 100;

export type Gate =
  | { readonly open: true; readonly evidence: InvoiceEvidence & { readonly kind: 'reconciliation' } }
  | { readonly open: false; readonly found: string };

/**
 * Whether the usage of days up to `to` may be invoiced.
 * @param last the newest run that has looked at the organisation.
 */
export function decideEvidence(last: ReconciliationRun | undefined, to: string): Gate {
  if (last === undefined || Date.parse(last.startedAt) < Date.parse(to)) {
    return { open: false, found: `No reconciliation has run since these days were over (${to}, UTC).` };
  }
  const { id: runId, status, finishedAt, cut, grossErrorPpm } = last;
  if (status === 'unsettled') {
    return { open: false, found: `Reconciliation ${runId} did not settle, so it measured nothing.` };
  }
  if (grossErrorPpm === undefined && status === 'broken') {
    return { open: false, found: `Reconciliation ${runId} found breaks where nothing was billed.` };
  }
  if (grossErrorPpm !== undefined && grossErrorPpm > maxGrossErrorPpm) {
    const found = `Reconciliation ${runId} found a gross error of ${grossErrorPpm} ppm, above ${maxGrossErrorPpm}.`;
    return { open: false, found };
  }
  const measured = grossErrorPpm === undefined ? {} : { grossErrorPpm };
  const { usageSequence } = cut;
  return { open: true, evidence: { kind: 'reconciliation', runId, finishedAt, usageSequence, ...measured } };
}

/** What is stored with the invoice, or why it may not be made final. */
export function evidenceOf(gate: Gate, override?: Override): InvoiceEvidence | { readonly refused: string } {
  if (override !== undefined) return { kind: 'override', ...override, found: foundBy(gate) };
  if (gate.open) return gate.evidence;
  const wayOut = 'Reconcile (POST /v1/reconciliation/runs), or override it with a name and a reason.';
  return { refused: `${gate.found} ${wayOut}` };
}

interface Override {
  readonly name: string;
  readonly reason: string;
}

/** An override where none was needed says so: whoever reads it later will wonder. */
function foundBy(gate: Gate): string {
  if (!gate.open) return gate.found;
  const { runId, grossErrorPpm } = gate.evidence;
  return `Reconciliation ${runId} allowed it, with ${grossErrorPpm ?? 'no measured'} ppm of gross error.`;
}
