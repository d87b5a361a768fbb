/**
 * What GET /v1/models lists. Any other name is answered too: a price may be missing for it, which is worth trying.
 * The channels of the standalone (apps/standalone/sandbox-channels.ts) name the same models.
 */
export const models = {
  openai: [
    'gpt-5.4',
    'gpt-5.4-mini',
    'gpt-5',
    'gpt-5-mini',
    'gpt-5-nano',
    'gpt-4.1',
    'gpt-4.1-mini',
    'gpt-4o',
    'gpt-4o-mini',
    'o4-mini',
    'sandbox-unpriced',
  ],
  anthropic: [
    'claude-opus-5',
    'claude-sonnet-5',
    'claude-opus-4-5',
    'claude-sonnet-4-5',
    'claude-haiku-4-5',
    'sandbox-unpriced',
  ],
} as const;

/** A fixed instant, so that equal requests have equal answers: 2025-01-01T00:00:00Z, in seconds. */
export const createdAtSeconds = 1_735_689_600;
const createdAt = new Date(createdAtSeconds * 1000).toISOString();

/** https://platform.openai.com/docs/api-reference/models/list */
export function listOpenaiModels() {
  return {
    object: 'list',
    data: models.openai.map((id) => ({ id, object: 'model', created: createdAtSeconds, owned_by: 'tollgate-sandbox' })),
  };
}

/** https://docs.anthropic.com/en/api/models-list */
export function listAnthropicModels() {
  return {
    data: models.anthropic.map((id) => ({ type: 'model', id, display_name: id, created_at: createdAt })),
    has_more: false,
    first_id: models.anthropic[0],
    last_id: models.anthropic.at(-1),
  };
}
