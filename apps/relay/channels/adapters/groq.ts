import type { ChannelAdapter } from '../adapter.js';
import { openaiApisAt } from './openai-apis.js';

/** https://console.groq.com/docs/api-reference */
export const groq: ChannelAdapter = {
  name: 'groq',
  baseUrl: 'https://api.groq.com',
  apis: openaiApisAt('/openai/v1', ['openai-chat', 'openai-responses', 'audio']),
};
