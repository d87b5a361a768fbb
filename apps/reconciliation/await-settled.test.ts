import { expect, it } from '@jest/globals';
import { awaitSettled, type Progress } from './await-settled.js';

/** A pipeline in which each consumer gets on by one message at a time, each time it is asked. */
function pipeline(stuckAt: Readonly<Record<string, number>> = {}): Progress {
  const floors = new Map<string, number>();
  return {
    lastSequence: (stream) => Promise.resolve(stream === 'CHARGES' ? 3 : 5),
    ackFloor: (_, consumer) => {
      const floor = Math.min((floors.get(consumer) ?? 0) + 1, stuckAt[consumer] ?? Infinity);
      floors.set(consumer, floor);
      return Promise.resolve(floor);
    },
  };
}

it('all is settled when usage up to the cut is handled, and then the charges of it', async () => {
  expect(await awaitSettled(pipeline(), 5, { waitMs: 10_000 })).toEqual([]);
});

it('an empty log is settled at once', async () => {
  const nothing: Progress = { lastSequence: () => Promise.resolve(0), ackFloor: () => Promise.resolve(0) };
  expect(await awaitSettled(nothing, 0, { waitMs: 0 })).toEqual([]);
});

it('what is stuck when the time is up is named, and how far it got', async () => {
  expect(await awaitSettled(pipeline({ ledger: 2 }), 5, { waitMs: 400 })).toEqual([
    { kind: 'timing', source: 'pipeline', expected: 'ledger has handled CHARGES up to 3', found: 'up to 2' },
  ]);
});
