import type { ChannelAdapter } from '../adapter.js';
import { openaiApisAt } from './openai-apis.js';

/** A gateway that is run by whoever uses it. https://docs.newapi.pro/en/docs/api */
export const newApi: ChannelAdapter = {
  name: 'new-api',
  apis: { ...openaiApisAt('/v1'), 'anthropic-messages': '/v1', gemini: '/v1beta', rerank: '/v1' },
};
