import type { ChannelAdapter } from '../adapter.js';

/** https://docs.perplexity.ai/api-reference/chat-completions-post */
export const perplexity: ChannelAdapter = {
  name: 'perplexity',
  baseUrl: 'https://api.perplexity.ai',
  apis: { 'openai-chat': '' },
};
