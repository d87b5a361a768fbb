import type { ReconciliationBreak } from '#contracts/requests/reconciliation.js';

/** What the log cannot process has to be parked, and nothing else may be. Both sides are subjects of QUARANTINE. */
export function compareQuarantine(expected: ReadonlySet<string>, found: ReadonlySet<string>): ReconciliationBreak[] {
  const missing = [...expected].filter((subject) => !found.has(subject));
  const unexpected = [...found].filter((subject) => !expected.has(subject));
  return [
    ...missing.map((subject) => breakOf('missing', `quarantined as ${subject}`, 'nothing')),
    ...unexpected.map((subject) => breakOf('unexpected', 'nothing', `quarantined as ${subject}`)),
  ];
}

function breakOf(kind: 'missing' | 'unexpected', expected: string, found: string): ReconciliationBreak {
  return { kind, source: 'pipeline', expected, found };
}
