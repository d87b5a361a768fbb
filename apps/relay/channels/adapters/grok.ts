import type { ChannelAdapter } from '../adapter.js';
import { openaiApisAt } from './openai-apis.js';

/** xAI. https://docs.x.ai/docs/api-reference */
export const grok: ChannelAdapter = {
  name: 'grok',
  provider: 'xai',
  baseUrl: 'https://api.x.ai',
  apis: openaiApisAt('/v1', ['openai-chat', 'openai-responses', 'images']),
};
