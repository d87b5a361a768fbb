import type { ChannelAdapter } from '../adapter.js';

/** Z.ai (Zhipu); in China at https://open.bigmodel.cn/api. https://docs.z.ai/guides/develop/openai/python */
export const glm: ChannelAdapter = {
  name: 'glm',
  provider: 'zai',
  baseUrl: 'https://api.z.ai/api',
  apis: { 'openai-chat': '/paas/v4', 'anthropic-messages': '/anthropic/v1' },
  credentialHeader: 'authorization',
};
