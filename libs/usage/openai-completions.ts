import { openaiChat } from './openai-chat.js';
import type { UsageFamily } from './usage-family.js';

/**
 * OpenAI's older text completions count as chat does, in the same places of an answer and of a stream.
 * https://platform.openai.com/docs/api-reference/completions/object
 */
export const openaiCompletions: UsageFamily = openaiChat;
