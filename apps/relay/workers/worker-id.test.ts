import { describe, expect, it } from '@jest/globals';
import { workerId, workerNumber } from './worker-id.js';

describe('a worker’s id', () => {
  it('is the relay’s own for the first, so that a relay of one finds its journal again', () => {
    expect([1, 2, 12].map((number) => workerId('relay-1', number))).toEqual(['relay-1', 'relay-1_w2', 'relay-1_w12']);
  });

  it.each([1, 2, 64])('tells the number %d', (number) => {
    expect(workerNumber('relay-1', workerId('relay-1', number))).toBe(number);
  });

  it.each(['relay-2', 'relay-1_w1', 'relay-1_w02', 'relay-1_wx', 'relay-1_w2_w3', 'relay-11_w2'])('is not %s', (id) => {
    expect(workerNumber('relay-1', id)).toBeUndefined();
  });
});
