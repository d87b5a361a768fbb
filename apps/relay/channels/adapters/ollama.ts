import type { ChannelAdapter } from '../adapter.js';
import { openaiApisAt } from './openai-apis.js';

/** A server of one's own. https://docs.ollama.com/api/introduction */
export const ollama: ChannelAdapter = {
  name: 'ollama',
  baseUrl: 'http://localhost:11434',
  apis: {
    ...openaiApisAt('/v1', ['openai-chat', 'openai-responses', 'openai-completions', 'embeddings']),
    'anthropic-messages': '/v1',
  },
  credentialHeader: 'authorization',
};
