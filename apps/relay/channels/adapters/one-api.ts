import type { ChannelAdapter } from '../adapter.js';
import { openaiApisAt } from './openai-apis.js';

/** A gateway that is run by whoever uses it. https://github.com/songquanpeng/one-api */
export const oneApi: ChannelAdapter = {
  name: 'one-api',
  apis: openaiApisAt('/v1', ['openai-chat', 'openai-completions', 'embeddings', 'images', 'audio']),
};
