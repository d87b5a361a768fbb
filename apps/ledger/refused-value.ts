import { QueryFailedError } from 'typeorm';

/**
 * What Postgres said of a value that it cannot hold, such as a NUL in a text: SQLSTATE class 22 or a CHECK (23514).
 * Undefined of every other failure: that is the database's or this program's, and no value's fault.
 */
export function refusedValue(error: unknown): string | undefined {
  if (!(error instanceof QueryFailedError)) return undefined;
  const { code } = error.driverError as Error & { code?: string };
  return code !== undefined && /^(22...|23514)$/.test(code) ? error.message : undefined;
}
