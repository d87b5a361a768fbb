import type { ChannelAdapter } from '../adapter.js';
import { openaiApisAt } from './openai-apis.js';

/** https://blog.4sapi.com/blog/4sapi-ai-model-aggregation-api-guide */
export const fourSapi: ChannelAdapter = {
  name: '4sapi',
  baseUrl: 'https://4sapi.com',
  apis: openaiApisAt('/v1'),
};
