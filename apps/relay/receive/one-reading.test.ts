import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { JsonObject } from '#usage/json.js';
import { refuseTwoReadings } from './one-reading.js';

const refuse = (body: string) => refuseTwoReadings(Buffer.from(body), JSON.parse(body) as JsonObject)?.param;

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
    ['{"Messages":[]}', 'Messages'],
    ['{"stream_options":{"include_usage":true,"include_usage":false}}', 'include_usage'],
    ['{"stream_options":{"Include_Usage":false}}', 'Include_Usage'],
    ['{"generationConfig":{"maxOutputTokens":9,"maxOutputTokens":9999}}', 'maxOutputTokens'],
    ['{"generation_config":{"MaxOutputTokens":9999}}', 'MaxOutputTokens'],
    ['{"tools":[{"type":"function","type" : "web_search"}]}', 'type'],
    ['{"messages":[{"content":[{"type":"text","t\\u0079pe":"image_url"}]}]}', 'type'],
    ['{"a":{"b":{"c":1},"b":{"c":1}},"c":"\\"c\\":1"}', 'b'],
  ])('as %s', (body, member) => {
    expect(refuse(body)).toBe(member);
  });

  it.each([
    '{}',
    '{"a":{"model":1,"a":2},"model":"m","A":3}',
    '{"tools":[{"a":1},{"a":1}],"b":{"a":{"a":"x:\\\\"}}}',
    ' {\n"model" : "m" , "x": "\\"model\\":" }',
  ])('and not %s', (body) => expect(refuse(body)).toBeUndefined());

  it('however deep it is, and in no time', () => {
    const deep = (inside: string) => `${'{"a":['.repeat(30_000)}${inside}${']}'.repeat(30_000)}`;
    const startedAt = performance.now();
    expect(refuse(deep('{"b":1,"b":2}'))).toBe('b');
    expect(refuse(deep('{"b":1,"c":2}'))).toBeUndefined();
    expect(refuse(`{${'"a":1,'.repeat(30_000)}"b":1}`)).toBe('a');
    expect(performance.now() - startedAt).toBeLessThan(5_000);
  });

  it('wherever it is twice, and nowhere else', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (one, other) => {
        expect(refuse(JSON.stringify({ one, other: [other] }))).toBeUndefined();
        const twice = `{"one":${JSON.stringify(one)},"deep":[{"twice":1,"other":${JSON.stringify(other)},"twice":2}]}`;
        expect(refuse(twice)).toBe('twice');
      }),
    );
  });

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
