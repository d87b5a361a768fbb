import type { ChannelAdapter } from '../adapter.js';
import { openaiApisAt } from './openai-apis.js';

/** https://docs.mistral.ai/api. It tells a stream's usage unasked. */
export const mistral: ChannelAdapter = {
  name: 'mistral',
  baseUrl: 'https://api.mistral.ai',
  apis: openaiApisAt('/v1', ['openai-chat', 'embeddings', 'audio']),
  refusesStreamOptions: true,
};
