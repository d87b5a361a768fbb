import type { Api } from '#protocols/api.js';

/** No channel says since when it serves a model. */
const UNKNOWN_TIME = 0;

/** The models that can be called with this protocol, in its own shape. */
export function listModels(api: Api, models: readonly { id: string; provider: string }[]): object {
  switch (api) {
    case 'openai-chat':
      return {
        object: 'list',
        data: models.map(({ id, provider }) => ({ id, object: 'model', created: UNKNOWN_TIME, owned_by: provider })),
      };
    case 'anthropic-messages':
      return {
        data: models.map(({ id }) => ({
          type: 'model',
          id,
          display_name: id,
          created_at: new Date(UNKNOWN_TIME).toISOString(),
        })),
        has_more: false,
        first_id: models[0]?.id ?? null,
        last_id: models.at(-1)?.id ?? null,
      };
  }
}
