import type { ChannelAdapter } from '../adapter.js';

/** 01.AI. https://platform.lingyiwanwu.com/docs */
export const yi: ChannelAdapter = {
  name: 'yi',
  baseUrl: 'https://api.lingyiwanwu.com',
  apis: { 'openai-chat': '/v1' },
};
