import type { JsonObject } from '#usage/json.js';
import type { Usage } from '#usage/usage.js';
import { writeUsage as writeChatUsage } from '../openai/write-usage.js';

/** The counts of OpenAI chat by other names. The SDK's types ask for the details, of which the unknown stay absent. */
export function writeUsage(usage: Usage): JsonObject | undefined {
  const counts = writeChatUsage(usage);
  if (counts === undefined) return undefined;
  const { prompt_tokens, completion_tokens, total_tokens, prompt_tokens_details, completion_tokens_details } = counts;
  return {
    ...(prompt_tokens !== undefined && { input_tokens: prompt_tokens }),
    input_tokens_details: prompt_tokens_details ?? {},
    ...(completion_tokens !== undefined && { output_tokens: completion_tokens }),
    output_tokens_details: completion_tokens_details ?? {},
    ...(total_tokens !== undefined && { total_tokens }),
  };
}
