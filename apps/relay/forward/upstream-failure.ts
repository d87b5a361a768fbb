/** Of the account or the gateway behind a channel, and not of the request: unpaid, unknown, forbidden, gone. */
const OF_THE_CHANNEL: ReadonlySet<number> = new Set([401, 402, 403, 404]);
/** Timed out, in conflict with itself, too many requests. The official SDKs retry these and all from 500. */
const PASSING: ReadonlySet<number> = new Set([408, 409, 429]);
/** Here the next request will hardly do better. What is forbidden or not there may be what the client asked for. */
const BLAMED: ReadonlySet<number> = new Set([401, 402, 408, 429]);

/** True when the same request may succeed on another channel. The others (400, 413, 422, …) would fail everywhere. */
export function isChannelFailure(httpStatus: number): boolean {
  return httpStatus >= 500 || OF_THE_CHANNEL.has(httpStatus) || PASSING.has(httpStatus);
}

/** True when it speaks against the channel. */
export function isBlamed(httpStatus: number): boolean {
  return httpStatus >= 500 || BLAMED.has(httpStatus);
}
