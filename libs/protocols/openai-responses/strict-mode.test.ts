import { describe, expect, it } from '@jest/globals';
import { meetsStrictMode } from './strict-mode.js';

const closed = (properties: object, required = Object.keys(properties)) => ({
  type: 'object',
  properties,
  required,
  additionalProperties: false,
});

describe("a schema meets OpenAI's strict mode", () => {
  it.each([
    ['objects that require all of their members and allow no others', closed({ a: { type: 'string' } })],
    [
      'in lists, alternatives and definitions too',
      {
        ...closed({ list: { type: 'array', items: closed({}) }, either: { anyOf: [closed({}), { type: 'null' }] } }),
        $defs: { one: closed({ deep: closed({}) }) },
      },
    ],
  ])('with %s', (_, schema) => {
    expect(meetsStrictMode(schema)).toBe(true);
  });

  it.each([
    ['an optional member', closed({ a: {}, b: {} }, ['a'])],
    ['an object that allows others', { ...closed({ a: {} }), additionalProperties: true }],
    ['an object that does not say it', { type: 'object', properties: {} }],
    ['an open object within', closed({ a: { type: ['object', 'null'] } })],
    ['an open object in a list', closed({ a: { type: 'array', items: { type: 'object' } } })],
    ['an open alternative', closed({ a: { anyOf: [{ type: 'object' }] } })],
    ['a keyword outside of the subset', closed({ a: { oneOf: [] } })],
  ])('but not with %s', (_, schema) => {
    expect(meetsStrictMode(schema)).toBe(false);
  });

  it('is not read without end', () => {
    let schema: object = { type: 'string' };
    for (let depth = 0; depth < 10_000; depth += 1) schema = { items: schema };
    expect(meetsStrictMode(schema as Record<string, unknown>)).toBe(false);
  });
});
