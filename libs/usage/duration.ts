import type { Note } from './count.js';
import type { JsonObject } from './json.js';

/**
 * A duration in seconds as whole milliseconds. One that is told more finely is rounded, and that is noted.
 * @returns undefined when it is absent or no duration
 */
export function secondsAsMs(object: JsonObject | undefined, name: string, note: Note): number | undefined {
  const seconds = object?.[name];
  if (seconds === undefined || seconds === null) return undefined;
  if (typeof seconds !== 'number') {
    note('count_invalid', `${name} is a ${typeof seconds}.`);
    return undefined;
  }
  const ms = Math.round(seconds * 1000);
  if (!Number.isSafeInteger(ms) || ms < 0) {
    note('count_invalid', `${name} is ${seconds}.`);
    return undefined;
  }
  // A number of milliseconds divided by 1000 is the very double that its decimals are parsed to.
  if (ms / 1000 !== seconds) note('duration_rounded', `${name} is ${seconds}: ${ms} ms are counted.`);
  return ms;
}
