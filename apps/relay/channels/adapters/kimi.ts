import type { ChannelAdapter } from '../adapter.js';
import { openaiApisAt } from './openai-apis.js';

/** Moonshot AI; in China at https://api.moonshot.cn. https://platform.kimi.ai/docs/api/overview */
export const kimi: ChannelAdapter = {
  name: 'kimi',
  provider: 'moonshotai',
  baseUrl: 'https://api.moonshot.ai',
  apis: { ...openaiApisAt('/v1', ['openai-chat', 'openai-responses']), 'anthropic-messages': '/anthropic/v1' },
  credentialHeader: 'authorization',
};
