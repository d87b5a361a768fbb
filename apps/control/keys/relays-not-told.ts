import { ApiError } from '../errors/api-error.js';

/** A change is in the tables, or was undone there, and the directory could not be written. */
export function relaysNotTold(sentence: string, cause: unknown): ApiError {
  return new ApiError(503, 'relays_not_told', sentence, { cause, retryAfterSeconds: 5 });
}
