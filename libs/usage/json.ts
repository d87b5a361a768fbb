export type JsonObject = Readonly<Record<string, unknown>>;

export function asObject(value: unknown): JsonObject | undefined {
  return isObject(value) ? value : undefined;
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The objects of an array; nothing when it is none. */
export function objectsIn(value: unknown): readonly JsonObject[] {
  if (!Array.isArray(value)) return NONE;
  return value.every(isObject) ? value : value.filter(isObject);
}

const NONE: readonly JsonObject[] = [];

/** undefined when the bytes are not a JSON object. */
export const parseObject = (bytes: Buffer): JsonObject | undefined => asObject(parseJson(bytes));

/** undefined when the bytes are not JSON. */
export function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

export function isEmpty(object: object): boolean {
  return Object.keys(object).length === 0;
}

/** The record without its absent entries, or undefined when none is left. */
export function present<Given extends object>(record: Given): Partial<Present<Given>> | undefined {
  for (const name in record) if (record[name] !== undefined) return withoutAbsent(record);
  return undefined;
}

/** The record without its absent entries, in its order. */
export function withoutAbsent<Given extends object>(record: Given): Present<Given> {
  // A loop and no entries: this runs several times for every answer.
  const found: { [Name in keyof Given]?: unknown } = {};
  for (const name in record) if (record[name] !== undefined) found[name] = record[name];
  return found as Present<Given>;
}

type Present<Given> = {
  [Name in keyof Given as undefined extends Given[Name] ? never : Name]: Given[Name];
} & {
  [Name in keyof Given as undefined extends Given[Name] ? Name : never]?: Exclude<Given[Name], undefined>;
};
