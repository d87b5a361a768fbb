import type { ChannelAdapter } from '../adapter.js';
import { openaiApisAt } from './openai-apis.js';

/**
 * Alibaba Cloud Model Studio (DashScope) in Beijing; other regions have their own base URL.
 * https://help.aliyun.com/en/model-studio/use-qwen-by-calling-api
 */
export const qwen: ChannelAdapter = {
  name: 'qwen',
  provider: 'alibaba',
  baseUrl: 'https://dashscope.aliyuncs.com',
  apis: {
    ...openaiApisAt('/compatible-mode/v1', ['openai-chat', 'embeddings']),
    'anthropic-messages': '/apps/anthropic/v1',
    dashscope: '/api/v1',
  },
  credentialHeader: 'authorization',
};
