import { expect, it } from '@jest/globals';
import type { ReconciliationRun } from '#contracts/requests/reconciliation.js';
import { decideEvidence, evidenceOf } from './decide-evidence.js';

const run = (change: Partial<ReconciliationRun>): ReconciliationRun => ({
  id: 'run-1',
  startedAt: '2026-08-01T00:00:00.000Z',
  finishedAt: '2026-08-01T00:01:00.000Z',
  cut: { usageSequence: 7 },
  status: 'balanced',
  counts: { accepted: 2, charged: 2, suspended: 0, quarantined: 0, voided: 0 },
  cells: 1,
  totals: [],
  breakCount: 0,
  breaks: [],
  ...change,
});
const gate = (change: Partial<ReconciliationRun>) => decideEvidence(run(change), '2026-08-01');

it('opens for a run since the days were over, with no more than 100 ppm of gross error', () => {
  expect(gate({ grossErrorPpm: 0 })).toEqual({
    open: true,
    evidence: {
      ...{ kind: 'reconciliation', runId: 'run-1', finishedAt: '2026-08-01T00:01:00.000Z' },
      ...{ usageSequence: 7, grossErrorPpm: 0 },
    },
  });
  expect(gate({ status: 'broken', grossErrorPpm: 100 })).toMatchObject({ open: true });
  // Nothing was billed, and nothing differed: there is no error, and none is claimed to have been measured.
  expect(gate({})).toMatchObject({ open: true, evidence: expect.not.objectContaining({ grossErrorPpm: 0 }) });
});

it.each([
  ['none ran', undefined, /^No reconciliation has run since these days were over/],
  [
    'it ran before they were over',
    run({ startedAt: '2026-07-31T23:59:59.999Z', grossErrorPpm: 0 }),
    /^No reconciliation/,
  ],
  ['the error is above', run({ status: 'broken', grossErrorPpm: 100.001 }), /gross error of 100.001 ppm, above 100/],
  ['it did not settle', run({ status: 'unsettled' }), /did not settle/],
  ['it found breaks and no sum', run({ status: 'broken', breakCount: 1 }), /found breaks/],
])('stays shut when %s', (_, last, found) => {
  expect(decideEvidence(last, '2026-08-01')).toEqual({ open: false, found: expect.stringMatching(found) });
});

it('gives way to a name and a reason, and keeps what was found', () => {
  const override = { name: 'Ada', reason: 'The provider confirmed it.' };
  expect(evidenceOf(gate({ status: 'unsettled' }), override)).toEqual({
    ...{ kind: 'override', ...override, found: 'Reconciliation run-1 did not settle, so it measured nothing.' },
  });
  expect(evidenceOf(gate({ grossErrorPpm: 3 }), override)).toMatchObject({
    found: 'Reconciliation run-1 allowed it, with 3 ppm of gross error.',
  });
  expect(evidenceOf(gate({ status: 'unsettled' }))).toEqual({
    refused: expect.stringMatching(/did not settle.* override it with a name and a reason\.$/),
  });
});
