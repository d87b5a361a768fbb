import { expect, it } from '@jest/globals';
import { CallIds } from './call-ids.js';

it('results without ids are for the calls of their function in order, but for those that were named', () => {
  const ids = new CallIds();
  const [first, , third] = [ids.called(undefined, 'f'), ids.called('second', 'f'), ids.called('', 'f')];
  expect([ids.answered('second', 'f'), ids.answered(undefined, 'f'), ids.answered('', 'f')]).toEqual([
    ...['second', first, third],
  ]);
  expect([ids.answered(undefined, 'f'), ids.answered(undefined, 'g')]).toEqual([undefined, undefined]);
});

it('as many as a body may hold take no longer each', () => {
  const ids = new CallIds();
  const many = 200_000;
  const beganMs = performance.now();
  for (let call = 0; call < many; call += 1) ids.called(undefined, 'f');
  for (let result = 0; result < many; result += 1) ids.answered(undefined, 'f');
  // Quadratic, it is half a minute.
  expect(performance.now() - beganMs).toBeLessThan(5_000);
});
