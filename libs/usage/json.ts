export type JsonObject = Readonly<Record<string, unknown>>;

export function asObject(value: unknown): JsonObject | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : undefined;
}

/** The objects of an array; nothing when it is none. */
export function objectsIn(value: unknown): JsonObject[] {
  return Array.isArray(value) ? value.map(asObject).filter((one) => one !== undefined) : [];
}

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

/** The record without its absent entries, or undefined when none is left. */
export function present<Given extends object>(record: Given): Present<Given> | undefined {
  // A loop and no entries: this runs several times for every answer.
  const found: Partial<Given> = {};
  let none = true;
  for (const name in record) {
    if (record[name] === undefined) continue;
    found[name] = record[name];
    none = false;
  }
  return none ? undefined : (found as Present<Given>);
}

type Present<Given> = { [Name in keyof Given]?: Exclude<Given[Name], undefined> };
