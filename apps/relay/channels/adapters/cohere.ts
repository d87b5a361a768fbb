import type { ChannelAdapter } from '../adapter.js';
import { openaiApisAt } from './openai-apis.js';

/** https://docs.cohere.com/reference/chat https://docs.cohere.com/reference/list-models https://docs.cohere.com/docs/compatibility-api */
export const cohere: ChannelAdapter = {
  name: 'cohere',
  baseUrl: 'https://api.cohere.ai',
  apis: {
    'cohere-chat': '/v2',
    rerank: '/v2',
    ...openaiApisAt('/compatibility/v1', ['openai-chat', 'embeddings']),
  },
  refusesStreamOptions: true,
  healthPath: '/v1/models',
};
