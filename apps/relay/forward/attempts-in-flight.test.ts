import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Answer } from './answer.js';
import { AttemptsInFlight } from './attempts-in-flight.js';

it('what is cut off is what was added and not removed, in whatever order', async () => {
  const steps = fc.array(fc.record({ isAdded: fc.boolean(), which: fc.nat() }), { maxLength: 60 });
  await fc.assert(
    fc.asyncProperty(steps, async (taken) => {
      const inFlight = new AttemptsInFlight();
      const left: Answer[] = [];
      const cutOff: unknown[] = [];
      inFlight.begin();
      for (const { isAdded, which } of taken) {
        if (isAdded || left.length === 0) {
          const answer: Pick<Answer, 'place' | 'cutOff'> = { place: -1, cutOff: () => cutOff.push(answer) };
          left.push(answer as Answer);
          inFlight.add(answer as Answer);
        } else inFlight.remove(left.splice(which % left.length, 1)[0]!);
      }
      const settled = inFlight.settleAll(0);
      setTimeout(() => inFlight.end(), 2);
      await settled;
      expect(new Set(cutOff)).toEqual(new Set(left));
      expect(cutOff.length).toBe(left.length);
    }),
  );
});
