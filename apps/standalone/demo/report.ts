import { formatAmount, parseAmount } from '#money/pico.js';
import type { ReconciliationRun } from '#contracts/requests/reconciliation.js';
import type { SpendRow } from '#contracts/requests/spend.js';
import { demoCurrency } from './demo-organisation.js';
import type { Replay } from './replay-trace.js';

/** The gross error above which the demo has failed. */
const maxErrorPpm = 100;

export interface SpendLine {
  readonly name: string;
  readonly charges: number;
  readonly suspended: number;
  readonly voided: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly amount: string;
}

/** Amounts are decimal strings, counts are numbers. */
export interface DemoReport {
  readonly organisationId: string;
  readonly currency: string;
  /** The file's name; absent when the trace was generated. */
  readonly trace?: string;
  readonly reconciliationRunId: string;
  /** The client's own count: rows of the trace, each once. */
  readonly requests: number;
  readonly failedRequests: number;
  /** Sent again after a broken connection. Only without any does `requests` equal `usageEvents` exactly. */
  readonly retriedConnections: number;
  readonly usageEvents: number;
  readonly charges: number;
  readonly suspended: number;
  readonly quarantined: number;
  readonly voided: number;
  /** Of the sub-ledger. */
  readonly chargedAmount: string;
  /** Of the general ledger's postings. */
  readonly ledgerRevenue: string;
  readonly clickhouseAmount: string;
  /** ClickHouse's own price × quantity. */
  readonly recomputedAmount: string;
  /** Absent when there are differences and nothing was billed. */
  readonly grossErrorPpm?: number;
  /** From the first request until every event was settled. */
  readonly durationSeconds: number;
  readonly replaySeconds: number;
  readonly eventsPerSecond: number;
  readonly byTeam: readonly SpendLine[];
  readonly byModel: readonly SpendLine[];
  /** What is wrong, in sentences. Empty when all is well. */
  readonly problems: readonly string[];
}

export interface DemoResults {
  readonly organisationId: string;
  readonly trace?: string;
  readonly replay: Replay;
  readonly run: ReconciliationRun;
  readonly durationSeconds: number;
  readonly byTeam: readonly SpendRow[];
  readonly byModel: readonly SpendRow[];
}

export function writeReport({ replay, run, durationSeconds, ...results }: DemoResults): DemoReport {
  const totals = run.totals.find(({ currency }) => currency === demoCurrency);
  const { accepted, charged, suspended, quarantined, voided } = run.counts;
  const report = {
    organisationId: results.organisationId,
    currency: demoCurrency,
    ...(results.trace === undefined ? {} : { trace: results.trace }),
    reconciliationRunId: run.id,
    requests: replay.requests,
    failedRequests: replay.failedRequests,
    retriedConnections: replay.retriedConnections,
    usageEvents: accepted,
    charges: charged,
    suspended,
    quarantined,
    voided,
    // No total of the currency means that no event was charged: Σ over nothing is 0.
    chargedAmount: totals?.ledger ?? '0',
    ledgerRevenue: totals?.generalLedger ?? '0',
    clickhouseAmount: totals?.clickhouse ?? '0',
    recomputedAmount: totals?.recomputed ?? '0',
    ...(run.grossErrorPpm === undefined ? {} : { grossErrorPpm: run.grossErrorPpm }),
    durationSeconds,
    replaySeconds: replay.seconds,
    eventsPerSecond: accepted / durationSeconds,
    byTeam: spendLines(results.byTeam, ({ teamId }) => teamId),
    byModel: spendLines(results.byModel, ({ model }) => model),
  };
  return { ...report, problems: findProblems(report, replay, run) };
}

function findProblems(report: Omit<DemoReport, 'problems'>, replay: Replay, run: ReconciliationRun): string[] {
  const problems: string[] = [];
  for (const [what, { count, example }] of replay.failures) problems.push(`${count} requests: ${what}: ${example}`);
  const { requests, usageEvents, charges, suspended, quarantined, voided, grossErrorPpm } = report;
  const settled = charges + suspended + quarantined + voided;
  if (usageEvents !== settled) problems.push(`${usageEvents} events were accepted, but ${settled} have a status.`);
  const faults = report.failedRequests + report.retriedConnections;
  if (faults === 0 ? usageEvents !== requests : usageEvents < requests - report.failedRequests) {
    problems.push(`${requests} requests were sent, but ${usageEvents} events were accepted.`);
  }
  if (run.status === 'unsettled') problems.push('The pipeline did not reach the end of the log in time.');
  else if (grossErrorPpm === undefined) problems.push('The sources differ, and nothing was billed.');
  else if (grossErrorPpm > maxErrorPpm) problems.push(`The gross error is ${grossErrorPpm} ppm, above ${maxErrorPpm}.`);
  for (const [view, lines] of [['team', report.byTeam] as const, ['model', report.byModel] as const]) {
    const sum = formatAmount(lines.reduce((total, { amount }) => total + parseAmount(amount), 0n));
    if (sum !== report.chargedAmount)
      problems.push(`Spend by ${view} is ${sum}, but ${report.chargedAmount} is charged.`);
  }
  return problems;
}

/** One line per name: what is suspended or voided has no currency, and so comes in a row of its own. */
function spendLines(rows: readonly SpendRow[], nameOf: (row: SpendRow) => string | undefined): SpendLine[] {
  const lines = new Map<string, SpendLine>();
  for (const row of rows) {
    const name = nameOf(row) ?? 'unknown';
    const line = lines.get(name);
    lines.set(name, {
      name,
      charges: row.charged + (line?.charges ?? 0),
      suspended: row.suspended + (line?.suspended ?? 0),
      voided: row.voided + (line?.voided ?? 0),
      inputTokens: row.inputTokens + (line?.inputTokens ?? 0),
      outputTokens: row.outputTokens + (line?.outputTokens ?? 0),
      amount: formatAmount(parseAmount(row.amount ?? '0') + parseAmount(line?.amount ?? '0')),
    });
  }
  return [...lines.values()];
}
