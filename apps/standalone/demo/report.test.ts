import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import type { ReconciliationRun } from '#contracts/requests/reconciliation.js';
import { printReport } from './print-report.js';
import type { Replay } from './replay-trace.js';
import { checkReportPath } from './report-file.js';
import { writeReport, type DemoResults } from './report.js';

const run: ReconciliationRun = {
  id: 'run-1',
  orgId: 'demo-1',
  startedAt: '2026-01-01T00:00:00.000Z',
  finishedAt: '2026-01-01T00:00:01.000Z',
  cut: { usageSequence: 1 },
  status: 'balanced',
  counts: { accepted: 3, charged: 2, suspended: 1, quarantined: 0, voided: 0 },
  cells: 2,
  totals: [{ currency: 'USD', log: '1.5', clickhouse: '1.5', recomputed: '1.5', ledger: '1.5', generalLedger: '1.5' }],
  grossErrorPpm: 0,
  breakCount: 0,
  breaks: [],
};
const replay: Replay = { requests: 3, failedRequests: 0, failures: new Map(), retriedConnections: 0, seconds: 1 };
const row = { suspended: 0, voided: 0, inputTokens: 5, outputTokens: 7, currency: 'USD' };
const results: DemoResults = {
  organisationId: 'demo-1',
  replay,
  run,
  durationSeconds: 2,
  byTeam: [
    { ...row, teamId: 'search', charged: 1, amount: '0.5' },
    { ...row, teamId: 'support', charged: 1, amount: '1' },
  ],
  byModel: [
    { model: 'gpt-5', charged: 0, suspended: 1, voided: 0, inputTokens: 0, outputTokens: 0 },
    { ...row, model: 'gpt-5', charged: 2, amount: '1.5' },
  ],
};

describe('the report', () => {
  it('gives the counts and totals of the reconciliation, and no problems when all agree', () => {
    expect(writeReport(results)).toMatchObject({
      requests: 3,
      usageEvents: 3,
      charges: 2,
      suspended: 1,
      chargedAmount: '1.5',
      grossErrorPpm: 0,
      eventsPerSecond: 1.5,
      byTeam: [{ name: 'search', charges: 1, inputTokens: 5, outputTokens: 7, amount: '0.5' }, { name: 'support' }],
      byModel: [{ name: 'gpt-5', charges: 2, suspended: 1, inputTokens: 5, outputTokens: 7, amount: '1.5' }],
      problems: [],
    });
  });

  const { grossErrorPpm: _, ...unknownError } = run;
  it.each<[string, Partial<DemoResults>, RegExp]>([
    ['a gross error above 100 ppm', { run: { ...run, grossErrorPpm: 100.5 } }, /gross error is 100.5 ppm/],
    ['an unknown gross error', { run: unknownError }, /nothing was billed/],
    ['an unsettled pipeline', { run: { ...run, status: 'unsettled' } }, /did not reach the end/],
    ['counts that do not sum', { run: { ...run, counts: { ...run.counts, voided: 1 } } }, /3 events .* but 4 have/],
    ['a lost event', { replay: { ...replay, requests: 4 } }, /4 requests were sent, but 3 events/],
    [
      'a lost event among retries',
      { replay: { ...replay, requests: 4, retriedConnections: 1 } },
      /4 requests were sent, but 3 events/,
    ],
    [
      'failed requests',
      { replay: { ...replay, failedRequests: 1, failures: new Map([['answered 500', { count: 1, example: 'Oh.' }]]) } },
      /1 requests: answered 500: Oh\./,
    ],
    ['spend that is not what was charged', { byTeam: results.byTeam.slice(1) }, /Spend by team is 1, but 1.5/],
  ])('names %s as a problem', (_name, change, problem) => {
    expect(writeReport({ ...results, ...change }).problems).toContainEqual(expect.stringMatching(problem));
  });

  it('takes more events than requests for what retried connections leave behind', () => {
    expect(writeReport({ ...results, replay: { ...replay, requests: 2, retriedConnections: 1 } }).problems).toEqual([]);
  });

  it('is printed in aligned tables', () => {
    const lines = printReport(writeReport(results)).split('\n');
    expect(lines.slice(0, 4)).toEqual([
      'spend by team  charges  suspended  input tokens  output tokens  USD',
      '─────────────  ───────  ─────────  ────────────  ─────────────  ───',
      'search               1          0             5              7  0.5',
      'support              1          0             5              7    1',
    ]);
  });
});

describe('the path of the report', () => {
  it('is refused where no file can be written', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'report-'));
    await checkReportPath(join(folder, 'report.json'));
    await expect(checkReportPath(folder)).rejects.toThrow(/it is a folder/);
    await expect(checkReportPath(join(folder, 'none', 'report.json'))).rejects.toThrow(/there is no folder .*none/);
    await rm(folder, { recursive: true });
  });
});
