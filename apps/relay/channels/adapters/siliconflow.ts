import type { ChannelAdapter } from '../adapter.js';
import { openaiApisAt } from './openai-apis.js';

/** In China at https://api.siliconflow.cn. https://docs.siliconflow.com/en/api-reference */
export const siliconflow: ChannelAdapter = {
  name: 'siliconflow',
  baseUrl: 'https://api.siliconflow.com',
  apis: { ...openaiApisAt('/v1', ['openai-chat', 'embeddings', 'images', 'audio']), rerank: '/v1' },
};
