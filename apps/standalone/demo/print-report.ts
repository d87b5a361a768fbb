import type { DemoReport, SpendLine } from './report.js';

/** The report for people: spend by team, spend by model, and the reconciliation. */
export function printReport(report: DemoReport): string {
  const { currency, byTeam, byModel } = report;
  const rate = Math.round(report.eventsPerSecond).toLocaleString('en');
  const settled = `${seconds(report.durationSeconds)} from the first request until all was settled: ${rate} events/s.`;
  const reconciled: string[][] = [
    ['requests', count(report.requests)],
    ['usage events', count(report.usageEvents)],
    ['  charged', count(report.charges)],
    ['  suspended', count(report.suspended)],
    ['  quarantined', count(report.quarantined)],
    ['  voided', count(report.voided)],
    [`charged, ${currency}`, report.chargedAmount],
    [`ledger revenue, ${currency}`, report.ledgerRevenue],
    [`ClickHouse, ${currency}`, report.clickhouseAmount],
    [`recomputed, ${currency}`, report.recomputedAmount],
    ['gross error, ppm', report.grossErrorPpm?.toString() ?? 'unknown'],
  ];
  return [
    spendTable('team', byTeam, currency),
    spendTable('model', byModel, currency),
    table(['reconciliation', report.reconciliationRunId], reconciled),
    settled,
    ...report.problems.map((problem) => `FAILED: ${problem}`),
  ].join('\n\n');
}

function spendTable(by: string, lines: readonly SpendLine[], currency: string): string {
  const rows = lines.map(({ name, charges, suspended, inputTokens, outputTokens, amount }) => [
    name,
    ...[charges, suspended, inputTokens, outputTokens].map(count),
    amount,
  ]);
  return table([`spend by ${by}`, 'charges', 'suspended', 'input tokens', 'output tokens', currency], rows);
}

/** Columns as wide as they need, the first one left and the others right. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((cell, column) => Math.max(cell.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const write = (row: readonly string[]) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join('  ');
  const rule = widths.map((width) => '─'.repeat(width)).join('  ');
  return [write(head), rule, ...rows.map(write)].join('\n');
}

const count = (value: number) => value.toLocaleString('en');
const seconds = (value: number) => `${value.toFixed(1)} s`;
