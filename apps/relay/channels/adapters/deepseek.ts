import type { ChannelAdapter } from '../adapter.js';

/** https://api-docs.deepseek.com https://api-docs.deepseek.com/guides/anthropic_api */
export const deepseek: ChannelAdapter = {
  name: 'deepseek',
  baseUrl: 'https://api.deepseek.com',
  apis: { 'openai-chat': '', 'anthropic-messages': '/anthropic/v1' },
};
