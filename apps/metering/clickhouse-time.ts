const HOUR_MS = 3_600_000;

/** An instant as ClickHouse reads it into DateTime64(3, 'UTC'), whatever its settings. */
export function clickHouseTime(instant: string | number): string {
  return new Date(instant).toISOString().replace('T', ' ').slice(0, -1);
}

/** The start of the instant's hour, as ClickHouse reads it into DateTime('UTC'). */
export function clickHouseHour(instant: string | number): string {
  return clickHouseSecond(Math.floor(new Date(instant).getTime() / HOUR_MS) * HOUR_MS);
}

/** An instant as ClickHouse reads it into DateTime('UTC'): without its milliseconds. */
export function clickHouseSecond(instant: string | number): string {
  return clickHouseTime(instant).slice(0, -'.000'.length);
}

/** From `toUnixTimestamp`. */
export function instantOf(seconds: number): string {
  return new Date(seconds * 1000).toISOString();
}
