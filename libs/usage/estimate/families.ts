import type { UsageApi } from '../usage-api.js';
import type { EstimateFamily } from './estimate-family.js';
import { anthropicMessages } from './families/anthropic-messages.js';
import { bedrockConverse } from './families/bedrock-converse.js';
import { cohereChat } from './families/cohere-chat.js';
import { embeddings } from './families/embeddings.js';
import { gemini } from './families/gemini.js';
import { openaiChat } from './families/openai-chat.js';
import { openaiCompletions } from './families/openai-completions.js';
import { openaiResponses } from './families/openai-responses.js';

const families: Readonly<Partial<Record<UsageApi, EstimateFamily>>> = {
  'openai-chat': openaiChat,
  'openai-responses': openaiResponses,
  'openai-completions': openaiCompletions,
  'anthropic-messages': anthropicMessages,
  gemini,
  'bedrock-converse': bedrockConverse,
  'cohere-chat': cohereChat,
  embeddings,
};

/** undefined for an API whose usage cannot be estimated from text, such as images, audio and rerank. */
export const estimateFamily = (api: string): EstimateFamily | undefined =>
  Object.hasOwn(families, api) ? families[api as UsageApi] : undefined;
