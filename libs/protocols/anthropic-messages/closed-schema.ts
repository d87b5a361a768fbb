import { asObject } from '#usage/json.js';
import type { JsonSchema } from '../chat/chat-request.js';

const schemaKeywords: ReadonlySet<string> = new Set(['items', 'prefixItems', 'anyOf', 'oneOf', 'allOf', 'not']);
const namedSchemaKeywords: ReadonlySet<string> = new Set(['properties', '$defs', 'definitions']);

/**
 * Anthropic takes a schema for its output only if every object in it says that it takes no members but the named ones.
 * One that says nothing about others is closed; one that wants others stays as it is, and Anthropic says so.
 * https://platform.claude.com/docs/en/build-with-claude/structured-outputs
 */
export function closedSchema(schema: JsonSchema): JsonSchema {
  const closed = Object.fromEntries(
    Object.entries(schema).map(([keyword, value]) => {
      if (schemaKeywords.has(keyword)) return [keyword, Array.isArray(value) ? value.map(close) : close(value)];
      if (!namedSchemaKeywords.has(keyword)) return [keyword, value];
      return [
        keyword,
        Object.fromEntries(Object.entries(asObject(value) ?? {}).map(([name, one]) => [name, close(one)])),
      ];
    }),
  );
  const isOpen = [schema['type']].flat().includes('object') && schema['additionalProperties'] === undefined;
  return isOpen ? { ...closed, additionalProperties: false } : closed;
}

/** A schema may be true or false. */
function close(schema: unknown): unknown {
  const object = asObject(schema);
  return object === undefined ? schema : closedSchema(object);
}
