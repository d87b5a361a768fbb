import type { JsonObject } from '#usage/json.js';
import type { Usage } from '#usage/usage.js';
import type { Operation } from './operations.js';

/**
 * What a request is charged by, where its answer tells no usage: what is free, by nothing; speech by the characters that are
 * spoken, as its bytes tell nothing (https://platform.openai.com/docs/pricing). Models that charge speech by the token have
 * no price of a character, so that their charge waits for a person.
 */
export function chargedByRequest({ name, free }: Operation, json: JsonObject | undefined): Usage['units'] {
  if (free === true) return { requests: 0 };
  const input = json?.['input'];
  return name === 'audio.speech' && typeof input === 'string' ? { characters: [...input].length } : undefined;
}
