import type { ChannelAdapter } from '../adapter.js';

/** https://ai.google.dev/api https://ai.google.dev/gemini-api/docs/openai */
export const gemini: ChannelAdapter = {
  name: 'gemini',
  provider: 'google',
  baseUrl: 'https://generativelanguage.googleapis.com',
  apis: {
    gemini: '/v1beta',
    'gemini-interactions': '/v1beta',
    'openai-chat': '/v1beta/openai',
    embeddings: '/v1beta/openai',
  },
};
