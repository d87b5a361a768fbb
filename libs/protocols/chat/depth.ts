/** Deeper than any schema or arguments, and far from where a call stack ends: JSON.stringify is one of many that recurse. */
const MAX_DEPTH = 200;

/** Whether lists and objects stand within one another more often than is ever meant. */
export function isTooDeep(value: unknown, depth = 0): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (depth >= MAX_DEPTH) return true;
  const held: readonly unknown[] = Array.isArray(value) ? value : Object.values(value);
  return held.some((one) => isTooDeep(one, depth + 1));
}
