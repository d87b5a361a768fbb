import type { ChannelAdapter } from '../adapter.js';

/** OpenAI's APIs, of which many providers serve some and gateways most, each under one and the same path. */
const openaiApis = ['openai-chat', 'openai-responses', 'openai-completions', 'embeddings', 'images', 'audio'] as const;
type OpenaiApi = (typeof openaiApis)[number];

export function openaiApisAt(path: string, apis: readonly OpenaiApi[] = openaiApis): ChannelAdapter['apis'] {
  return Object.fromEntries(apis.map((api) => [api, path]));
}
