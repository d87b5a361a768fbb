/**
 * Which Google searches are charged. Gemini 3 and later: each query that is not empty, equal ones once. Earlier
 * models: one for the whole prompt, however many queries it took.
 * https://ai.google.dev/gemini-api/docs/google-search
 */
export function billedSearches(queries: number | undefined, model: string | undefined): number | undefined {
  if (queries === undefined) return undefined;
  return model !== undefined && CHARGED_BY_PROMPT.test(model) ? Math.min(queries, 1) : queries;
}

const CHARGED_BY_PROMPT = /gemini-[12](?!\d)/;

/** How many different queries there are; absent when none are told. */
export function queriesIn(queries: readonly unknown[]): number | undefined {
  if (queries.length === 0) return undefined;
  return new Set(queries.filter((query) => typeof query === 'string' && query !== '')).size;
}
