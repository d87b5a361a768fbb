import { asObject, objectsIn, type JsonObject } from '#usage/json.js';

/** Deeper schemas are taken for incompatible: OpenAI takes five to ten levels. */
const MAX_DEPTH = 20;

/**
 * Whether OpenAI takes the schema as strict: every object names all of its members as required and allows no others, and
 * no keyword is outside of the subset. https://platform.openai.com/docs/guides/structured-outputs#supported-schemas
 */
export function meetsStrictMode(schema: JsonObject, depth = 0): boolean {
  if (depth > MAX_DEPTH || UNSUPPORTED.some((keyword) => schema[keyword] !== undefined)) return false;
  if (isObjectSchema(schema) && !isClosed(schema)) return false;
  return subschemas(schema).every((one) => meetsStrictMode(one, depth + 1));
}

const UNSUPPORTED = [
  'allOf',
  'oneOf',
  'not',
  'if',
  'then',
  'else',
  'dependentRequired',
  'dependentSchemas',
  'patternProperties',
];

function isObjectSchema({ type, properties }: JsonObject): boolean {
  return type === 'object' || properties !== undefined || (Array.isArray(type) && type.includes('object'));
}

function isClosed(schema: JsonObject): boolean {
  const required: readonly unknown[] = Array.isArray(schema['required']) ? schema['required'] : [];
  const names = Object.keys(asObject(schema['properties']) ?? {});
  return schema['additionalProperties'] === false && names.every((name) => required.includes(name));
}

function subschemas(schema: JsonObject): readonly JsonObject[] {
  const named = ['properties', '$defs', 'definitions'].flatMap((keyword) =>
    Object.values(asObject(schema[keyword]) ?? {}),
  );
  return objectsIn([...named, schema['items'], ...objectsIn(schema['anyOf'])]);
}
