import type { ChannelAdapter } from '../adapter.js';
import { openaiApisAt } from './openai-apis.js';

/** https://platform.openai.com/docs/api-reference */
export const openai: ChannelAdapter = {
  name: 'openai',
  baseUrl: 'https://api.openai.com',
  apis: openaiApisAt('/v1'),
  batches: true,
};
