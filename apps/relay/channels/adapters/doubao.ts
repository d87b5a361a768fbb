import type { ChannelAdapter } from '../adapter.js';
import { openaiApisAt } from './openai-apis.js';

/** Volcengine Ark in Beijing. https://www.volcengine.com/docs/82379 */
export const doubao: ChannelAdapter = {
  name: 'doubao',
  provider: 'volcengine',
  baseUrl: 'https://ark.cn-beijing.volces.com',
  apis: openaiApisAt('/api/v3', ['openai-chat', 'openai-responses', 'embeddings', 'images']),
};
