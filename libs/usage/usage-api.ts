/** The wire formats whose usage can be read. Each is a family: many providers serve the same one. */
export const usageApis = [
  'openai-chat',
  'openai-responses',
  'openai-completions',
  'anthropic-messages',
  'gemini',
  'gemini-interactions',
  'bedrock-converse',
  'cohere-chat',
  'dashscope',
  'embeddings',
  'images',
  'audio',
  'rerank',
] as const;
export type UsageApi = (typeof usageApis)[number];

/** How an answer's bytes are framed. `lines`: one JSON event per line. `eventstream`: AWS's binary event stream. */
export const usageFormats = ['sse', 'json', 'eventstream', 'lines'] as const;
export type UsageFormat = (typeof usageFormats)[number];
