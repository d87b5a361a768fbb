import { describe, expect, it } from '@jest/globals';
import { jsonSchemaOf } from '#protocols/gemini/open-api-schema.js';

describe("Google's subset of OpenAPI as JSON Schema", () => {
  it('has types in small letters, at every depth', () => {
    const schema = {
      type: 'OBJECT',
      properties: { type: { type: 'STRING' }, list: { type: 'ARRAY', items: { type: 'INTEGER' }, minItems: '1' } },
      required: ['type'],
    };
    expect(jsonSchemaOf(schema)).toEqual({
      type: 'object',
      properties: { type: { type: 'string' }, list: { type: 'array', items: { type: 'integer' }, minItems: 1 } },
      required: ['type'],
    });
  });

  it('allows null where it is nullable', () => {
    expect(jsonSchemaOf({ type: 'STRING', nullable: true, enum: ['a'], format: 'enum' })).toEqual({
      type: ['string', 'null'],
      enum: ['a', null],
    });
    expect(jsonSchemaOf({ nullable: true, any_of: [{ type: 'STRING' }, { type: 'NUMBER' }] })).toEqual({
      anyOf: [{ type: 'string' }, { type: 'number' }, { type: 'null' }],
    });
  });

  it('has numbers in an enum of numbers', () => {
    expect(jsonSchemaOf({ type: 'INTEGER', enum: ['101', '201'] })).toEqual({ type: 'integer', enum: [101, 201] });
  });

  it('orders the properties as the list says', () => {
    const schema = { type: 'OBJECT', properties: { b: {}, a: {}, c: {} }, propertyOrdering: ['a', 'b', 'gone'] };
    expect(Object.keys(jsonSchemaOf(schema)['properties'] as object)).toEqual(['a', 'b', 'c']);
  });

  it('leaves JSON Schema as it is', () => {
    const schema = {
      type: 'object',
      properties: { max_items: { type: ['string', 'null'], description: 'x' }, ref: { $ref: '#/$defs/a' } },
      $defs: { a: { type: 'string' } },
      additionalProperties: false,
    };
    expect(jsonSchemaOf(schema)).toEqual(schema);
  });

  it('stands a schema that is deeper than any function', () => {
    let schema: object = { type: 'STRING' };
    for (let depth = 0; depth < 5000; depth++) schema = { type: 'ARRAY', items: schema };
    expect(jsonSchemaOf(schema as Record<string, unknown>)['type']).toBe('array');
  });
});
