import { anthropicMessages } from '../anthropic-messages/anthropic-messages.js';
import { gemini } from '../gemini/gemini.js';
import { openaiChat } from '../openai-chat/openai-chat.js';
import { openaiResponses } from '../openai-responses/openai-responses.js';
import type { ChatApi } from './chat-api.js';
import type { ChatProtocol } from './chat-protocol.js';

export const protocols: Readonly<Record<ChatApi, ChatProtocol>> = {
  'openai-chat': openaiChat,
  'openai-responses': openaiResponses,
  'anthropic-messages': anthropicMessages,
  gemini,
};
