/**
 * Whole milliseconds of a clock that never goes back, from when the process began. By the wall clock a channel would be
 * isolated, or its latencies wrong, for as long as that was set back.
 */
export function steadyNow(): number {
  return Math.floor(performance.now());
}
