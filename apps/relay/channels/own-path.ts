import type { UsageApi } from '#usage/usage-api.js';
import type { ChannelCall } from './adapter.js';

/** Where each API is found at its own provider, below the version. */
const ownPaths: Readonly<Record<UsageApi, string | { readonly whole: string; readonly streamed: string }>> = {
  'openai-chat': '/chat/completions',
  'openai-responses': '/responses',
  'openai-completions': '/completions',
  'anthropic-messages': '/messages',
  gemini: { whole: '/models/{model}:generateContent', streamed: '/models/{model}:streamGenerateContent?alt=sse' },
  'gemini-interactions': '/interactions',
  'bedrock-converse': { whole: '/model/{model}/converse', streamed: '/model/{model}/converse-stream' },
  'cohere-chat': '/chat',
  dashscope: '/services/aigc/text-generation/generation',
  embeddings: '/embeddings',
  images: '/images/generations',
  audio: '/audio/transcriptions',
  rerank: '/rerank',
};

/** The path of a call at its API's own provider: the operation's, or for a converted call that of the API. */
export function ownPath({ api, path, stream }: Pick<ChannelCall, 'api' | 'path' | 'stream'>, model: string): string {
  const own = ownPaths[api];
  const template = path ?? (typeof own === 'string' ? own : stream ? own.streamed : own.whole);
  // Google's model names have an @, which a path may have too.
  return template.replace('{model}', () => encodeURIComponent(model).replaceAll('%40', '@'));
}
