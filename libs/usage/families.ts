import { anthropicMessages } from './anthropic-messages.js';
import { openaiChat } from './openai-chat.js';
import type { UsageApi } from './usage-api.js';
import type { UsageFamily } from './usage-family.js';

/** Who reads which wire format. */
export const families: Readonly<Record<UsageApi, UsageFamily>> = {
  'openai-chat': openaiChat,
  'anthropic-messages': anthropicMessages,
};
