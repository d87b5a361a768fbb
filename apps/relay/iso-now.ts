let told = '';
let toldMs = Number.NaN;

/** The time in ISO 8601, UTC. A request is told it three times, and many requests share a millisecond: it is written once. */
export function isoNow(): string {
  const nowMs = Date.now();
  if (nowMs !== toldMs) {
    toldMs = nowMs;
    told = new Date(nowMs).toISOString();
  }
  return told;
}
