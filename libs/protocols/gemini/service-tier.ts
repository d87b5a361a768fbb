/** Gemini's `standard` is what OpenAI calls `default`. https://ai.google.dev/gemini-api/docs/flex-inference */
export function readServiceTier(tier: string | undefined): string | undefined {
  const word = tier?.toLowerCase();
  if (word === 'standard') return 'default';
  return word === 'unspecified' || word === '' ? undefined : word;
}

const written: ReadonlyMap<string, string> = new Map([
  ['default', 'standard'],
  ['flex', 'flex'],
  ['priority', 'priority'],
]);

/** undefined when Gemini has no such tier. */
export function writeServiceTier(tier: string | undefined): string | undefined {
  return tier === undefined ? undefined : written.get(tier);
}
