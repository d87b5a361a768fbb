import type { ChannelAdapter } from '../adapter.js';
import { openaiApisAt } from './openai-apis.js';

/** https://openrouter.ai/docs/api-reference/overview */
export const openrouter: ChannelAdapter = {
  name: 'openrouter',
  baseUrl: 'https://openrouter.ai',
  apis: {
    ...openaiApisAt('/api/v1', ['openai-chat', 'openai-responses', 'openai-completions', 'embeddings']),
    'anthropic-messages': '/api/v1',
  },
  credentialHeader: 'authorization',
};
