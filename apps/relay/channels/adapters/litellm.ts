import type { ChannelAdapter } from '../adapter.js';
import { openaiApisAt } from './openai-apis.js';

/** A gateway that is run by whoever uses it. https://docs.litellm.ai/docs/simple_proxy */
export const litellm: ChannelAdapter = {
  name: 'litellm',
  apis: { ...openaiApisAt('/v1'), 'anthropic-messages': '/v1', gemini: '/v1beta', rerank: '/v1' },
  credentialHeader: 'authorization',
};
