import { anthropicMessages } from './anthropic-messages.js';
import { audio } from './audio.js';
import { bedrockConverse } from './bedrock-converse.js';
import { cohereChat } from './cohere-chat.js';
import { dashscope } from './dashscope.js';
import { embeddings } from './embeddings.js';
import { geminiInteractions } from './gemini-interactions.js';
import { gemini } from './gemini.js';
import { images } from './images.js';
import { openaiChat } from './openai-chat.js';
import { openaiCompletions } from './openai-completions.js';
import { openaiResponses } from './openai-responses.js';
import { rerank } from './rerank.js';
import type { UsageApi } from './usage-api.js';
import type { UsageFamily } from './usage-family.js';

/** Who reads which wire format. */
export const families: Readonly<Record<UsageApi, UsageFamily>> = {
  'openai-chat': openaiChat,
  'openai-responses': openaiResponses,
  'openai-completions': openaiCompletions,
  'anthropic-messages': anthropicMessages,
  gemini,
  'gemini-interactions': geminiInteractions,
  'bedrock-converse': bedrockConverse,
  'cohere-chat': cohereChat,
  dashscope,
  embeddings,
  images,
  audio,
  rerank,
};
