import type { ChatApi } from '#protocols/chat/chat-api.js';

/** No channel says since when it serves a model. */
const UNKNOWN_TIME = 0;

export interface ListedModel {
  readonly id: string;
  readonly provider: string;
}

/** The models that can be called, in the shape of the client's protocol. */
export function listModels(protocol: ChatApi, models: readonly ListedModel[]): object {
  const described = models.map((model) => describeModel(protocol, model));
  switch (protocol) {
    case 'openai-chat':
    case 'openai-responses':
      return { object: 'list', data: described };
    case 'anthropic-messages':
      return {
        data: described,
        has_more: false,
        first_id: models[0]?.id ?? null,
        last_id: models.at(-1)?.id ?? null,
      };
    case 'gemini':
      return { models: described };
  }
}

export function describeModel(protocol: ChatApi, { id, provider }: ListedModel): object {
  switch (protocol) {
    case 'openai-chat':
    case 'openai-responses':
      return { id, object: 'model', created: UNKNOWN_TIME, owned_by: provider };
    case 'anthropic-messages':
      return { type: 'model', id, display_name: id, created_at: new Date(UNKNOWN_TIME).toISOString() };
    case 'gemini':
      return { name: `models/${id}`, displayName: id };
  }
}
