import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { asObject, type JsonObject } from '#usage/json.js';
import { askForUsage, withoutStreamOptions } from './include-usage.js';

const asked = (text: string) => askForUsage(Buffer.from(text), JSON.parse(text) as JsonObject)?.toString();

describe('a stream is asked for its usage', () => {
  it.each([
    ['{"model":"m"}', '{"stream_options":{"include_usage":true},"model":"m"}'],
    ['{}', '{"stream_options":{"include_usage":true}}'],
    [
      '{"seed":12345678901234567890,"stream_options":{"include_usage":false, "n":1.0}}',
      '{"seed":12345678901234567890,"stream_options":{"include_usage":true, "n":1.0}}',
    ],
    ['{"a":1,"a":2,"stream_options": { } }', '{"a":1,"a":2,"stream_options": {"include_usage":true } }'],
    ['{"stream_options":null,"b":"\\""}', '{"stream_options":{"include_usage":true},"b":"\\""}'],
    ['{"stream_options":1}', '{"stream_options":{"include_usage":true}}'],
    [
      '{"stream_options":{"include_usage":true},"stream_options":{}}',
      '{"stream_options":{"include_usage":true},"stream_options":{"include_usage":true}}',
    ],
    ['{"stream\\u005foptions" : {"x":[1]}}', '{"stream\\u005foptions" : {"include_usage":true,"x":[1]}}'],
    [
      '{"a":{"stream_options":{}},"b":"\\\\","stream_options":[],"c":"\\"stream_options\\":"}',
      '{"a":{"stream_options":{}},"b":"\\\\","stream_options":{"include_usage":true},"c":"\\"stream_options\\":"}',
    ],
  ])('in %s', (text, expected) => {
    expect(asked(text)).toBe(expected);
  });

  it('and not where the upstream refuses the question: it is left out, and every other byte stays', () => {
    const left = (text: string) => withoutStreamOptions(Buffer.from(text), JSON.parse(text) as JsonObject).toString();
    const options = '"stream_options":{"include_usage":true}';
    expect(left(`{"seed":12345678901234567890,${options},"stream":true}`)).toBe(
      '{"seed":12345678901234567890,"stream":true}',
    );
    expect(left('{"stream": true }')).toBe('{"stream": true }');
  });

  it('in nothing that asks already', () => {
    expect(asked('{"stream_options":{"include_usage":true}}')).toBeUndefined();
  });

  it('so that the rest of the request is the same, to the byte and in its meaning', () => {
    const name = fc.oneof(fc.constantFrom('stream_options', 'include_usage', '"', '\\', '{', 'é'), fc.string());
    const members = fc.array(fc.tuple(name, fc.jsonValue()), { maxLength: 5 });
    const space = fc.constantFrom('', ' ', '\n\t', '\r\n');
    const text = (pairs: [string, unknown][], gap: string) =>
      pairs.map(([key, value]) => `${gap}${JSON.stringify(key)}${gap}:${gap}${JSON.stringify(value, null, gap)}${gap}`);
    const options = fc.oneof(fc.jsonValue(), fc.dictionary(name, fc.jsonValue()));
    fc.assert(
      fc.property(members, options, members, space, (before, value, after, gap) => {
        const rest = after.filter(([key]) => key !== 'stream_options');
        const given = text([...before, ['stream_options', value], ...rest], gap);
        const body = `${gap}{${given.join(',')}}`;
        const json = JSON.parse(body) as JsonObject;
        const sent = asked(body);
        if (asObject(value)?.['include_usage'] === true) return expect(sent).toBeUndefined();
        const same = [
          `${gap}{${given
            .slice(0, before.length)
            .map((one) => `${one},`)
            .join('')}`,
          given
            .slice(before.length + 1)
            .map((one) => `,${one}`)
            .join('') + '}',
        ];
        expect(sent?.startsWith(same[0]!)).toBe(true);
        expect(sent?.endsWith(same[1]!)).toBe(true);
        expect(JSON.parse(sent ?? '')).toEqual({
          ...json,
          // As JSON has it, which knows no -0.
          stream_options: { ...asObject(json['stream_options']), include_usage: true },
        });
      }),
    );
  });
});
