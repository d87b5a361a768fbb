/** An engine that cannot be started as things are: the message says what is wrong and what a person can do. */
export class EngineFailure extends Error {
  override readonly name = 'EngineFailure';
}

/** Node's or PostgreSQL's code of an error. Not by `instanceof Error`: an error of another realm, as under jest, is none. */
export function codeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}
