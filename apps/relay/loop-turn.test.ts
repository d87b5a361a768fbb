import { describe, expect, it } from '@jest/globals';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { workAtTurnsEnd, writeAtTurnsEnd } from './loop-turn.js';

describe('a turn of the event loop', () => {
  it('ends with the works of all that came in, then what they lead to step by step, then the writes', async () => {
    const done: string[] = [];
    const workOf = (name: string) => () =>
      void Promise.resolve()
        .then(() => done.push(`${name} 1`))
        .then(() => {
          done.push(`${name} 2`);
          writeAtTurnsEnd(() => done.push(`written ${name}`));
        });
    writeAtTurnsEnd(() => done.push('written before'));
    workAtTurnsEnd(workOf('a'));
    await Promise.resolve();
    workAtTurnsEnd(workOf('b'));
    expect(done).toEqual([]);
    await nextTurn();
    expect(done).toEqual(['a 1', 'b 1', 'a 2', 'b 2', 'written before', 'written a', 'written b']);
  });

  it('leaves to the next what comes while it ends', async () => {
    const done: string[] = [];
    workAtTurnsEnd(() => {
      done.push('work');
      workAtTurnsEnd(() => done.push('later work'));
    });
    writeAtTurnsEnd(() => {
      done.push('write');
      writeAtTurnsEnd(() => done.push('later write'));
    });
    await nextTurn();
    expect(done).toEqual(['work', 'write']);
    await nextTurn();
    expect(done).toEqual(['work', 'write', 'later work', 'later write']);
  });
});
