/** Postgres' own spelling of a time, in milliseconds since 1970, that may be infinite. */
export const toTimestamp = (ms: number): string =>
  Number.isFinite(ms) ? new Date(ms).toISOString() : ms > 0 ? 'infinity' : '-infinity';

/** What node-postgres gives for a timestamptz: an infinite one is a number. */
export type Timestamp = Date | number;

/** As contracts say it: an infinite bound is absent. */
export function boundsOf(start: Timestamp, end: Timestamp): { start?: string; end?: string } {
  return {
    ...(start instanceof Date ? { start: start.toISOString() } : {}),
    ...(end instanceof Date ? { end: end.toISOString() } : {}),
  };
}
