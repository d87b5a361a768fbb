import type { ChannelAdapter } from '../adapter.js';
import { openaiApisAt } from './openai-apis.js';

/** A server of one's own, as for Llama. https://docs.vllm.ai/en/latest/serving/openai_compatible_server */
export const vllm: ChannelAdapter = {
  name: 'vllm',
  apis: {
    ...openaiApisAt('/v1', ['openai-chat', 'openai-responses', 'openai-completions', 'embeddings', 'audio']),
    'anthropic-messages': '/v1',
    rerank: '/v1',
  },
  credentialHeader: 'authorization',
};
