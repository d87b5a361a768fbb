import { describe, expect, it } from '@jest/globals';
import { Losses } from './losses.js';

describe('losses', () => {
  it('are told once each', () => {
    const losses = new Losses();
    losses.add('seed', 'no seed');
    losses.add('seed', 'no seed');
    expect(losses.list()).toEqual([{ at: 'seed', reason: 'no seed', weight: 'meaning' }]);
  });

  it('of meaning are not hidden by any number of hints', () => {
    const losses = new Losses();
    for (let place = 0; place < 1000; place++) losses.hint(`messages.${place}`, 'a label');
    losses.add('seed', 'no seed');
    const told = losses.list();
    expect(told).toContainEqual({ at: 'seed', reason: 'no seed', weight: 'meaning' });
    expect(told).toHaveLength(102);
  });

  it('that are too many to be told are counted', () => {
    const losses = new Losses();
    for (let place = 0; place < 130; place++) losses.add(`messages.${place}`, 'an image');
    expect(losses.list().at(-1)).toEqual({ at: '…', reason: '30 more', weight: 'meaning' });
  });
});
