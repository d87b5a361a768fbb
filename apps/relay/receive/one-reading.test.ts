import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { refuseTwoReadings } from './one-reading.js';

const refuse = (body: string) => refuseTwoReadings(Buffer.from(body))?.param;

describe('a body that its upstream may read otherwise is refused', () => {
  it.each([
    ['{"model":"cheap","model":"dear"}', 'model'],
    ['{"model":"cheap", "mod\\u0065l" :"dear"}', 'model'],
    ['{"messages":[],"model":"a","messages":[{}]}', 'messages'],
    ['{"model":"cheap","Model":"dear"}', 'Model'],
    ['{"MODEL":"dear"}', 'MODEL'],
    // Go folds the Kelvin sign into k and the long s into s.
    ['{"max_to\u212aens":9}', 'max_to\u212aens'],
    ['{"\u017ftream":true}', '\u017ftream'],
  ])('as %s', (body, member) => {
    expect(refuse(body)).toBe(member);
  });

  it.each(['{}', '{"a":{"model":1,"a":2},"model":"m","A":3}', ' {\n"model" : "m" , "x": "\\"model\\":" }'])(
    'and not %s',
    (body) => expect(refuse(body)).toBeUndefined(),
  );

  it('whatever else is in it', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (members) => {
        const text = JSON.stringify({ ...members, model: 'm' });
        const again = `${text.slice(0, -1)},"model":"n"}`;
        expect(refuse(again)).toBeDefined();
      }),
    );
  });
});
