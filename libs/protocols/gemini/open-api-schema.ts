import { asObject, type JsonObject } from '#usage/json.js';

/** Where schemas stand within a schema. */
const SCHEMAS_BY_NAME = new Set(['properties', '$defs', 'defs']);
const LISTS_OF_SCHEMAS = new Set(['anyOf', 'oneOf', 'allOf', 'prefixItems']);
const SCHEMAS = new Set(['items', 'additionalProperties', 'not']);
/** protobuf's JSON writes an int64 as text. */
const COUNTS = new Set(['minItems', 'maxItems', 'minLength', 'maxLength', 'minProperties', 'maxProperties']);

/** Deeper than any tool's parameters, and far from where a call stack ends. */
const MAX_DEPTH = 100;

/**
 * Google's subset of OpenAPI 3.0 as JSON Schema: types in capitals, `nullable`, `example`, enums as text, the order of
 * the properties as a list (https://ai.google.dev/api/caching#Schema). What it has in common stays as it is.
 */
export function jsonSchemaOf(schema: JsonObject, depth = 0): JsonObject {
  const found = Object.fromEntries(
    Object.entries(schema).map(([spelled, value]): [string, unknown] => {
      const name = spelled.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
      return [name, depth < MAX_DEPTH ? within(name, value, depth + 1) : value];
    }),
  );
  const { type, nullable, example, propertyOrdering, format, ...rest } = found;
  const plain: Record<string, unknown> = {
    ...(type !== undefined && type !== 'type_unspecified' && { type }),
    // The format `enum` only marks that there is one.
    ...(format !== undefined && format !== 'enum' && { format }),
    ...rest,
    ...(example !== undefined && { examples: [example] }),
  };
  if (isNumeric(type) && Array.isArray(plain['enum'])) plain['enum'] = plain['enum'].map(Number);
  const properties = asObject(plain['properties']);
  if (properties && Array.isArray(propertyOrdering)) plain['properties'] = ordered(properties, propertyOrdering);
  return nullable === true ? orNull(plain) : plain;
}

function within(name: string, value: unknown, depth: number): unknown {
  const schema = asObject(value);
  if (name === 'type') return typeof value === 'string' ? value.toLowerCase() : value;
  if (COUNTS.has(name)) return typeof value === 'string' ? Number(value) : value;
  if (SCHEMAS.has(name)) return schema === undefined ? value : jsonSchemaOf(schema, depth);
  if (LISTS_OF_SCHEMAS.has(name) && Array.isArray(value)) {
    return value.map((one: unknown) => within('items', one, depth));
  }
  if (SCHEMAS_BY_NAME.has(name) && schema !== undefined) {
    return Object.fromEntries(Object.entries(schema).map(([key, one]) => [key, within('items', one, depth)]));
  }
  return value;
}

function isNumeric(type: unknown): boolean {
  return type === 'integer' || type === 'number';
}

function ordered(properties: JsonObject, order: readonly unknown[]): JsonObject {
  const first = order.filter((name) => typeof name === 'string' && Object.hasOwn(properties, name)) as string[];
  return { ...Object.fromEntries(first.map((name) => [name, properties[name]])), ...properties };
}

function orNull(schema: Record<string, unknown>): JsonObject {
  const { type, enum: values, anyOf } = schema;
  return {
    ...schema,
    ...(typeof type === 'string' && type !== 'null' && { type: [type, 'null'] }),
    ...(Array.isArray(values) && !values.includes(null) && { enum: [...(values as unknown[]), null] }),
    ...(type === undefined && Array.isArray(anyOf) && { anyOf: [...(anyOf as unknown[]), { type: 'null' }] }),
  };
}
