import type { ChannelAdapter } from '../adapter.js';

/** https://platform.claude.com/docs/en/api/overview */
export const anthropic: ChannelAdapter = {
  name: 'anthropic',
  baseUrl: 'https://api.anthropic.com',
  apis: { 'anthropic-messages': '/v1' },
};
