import { defined } from '../chat/defined.js';
import type { ChatAnswer } from '../chat/chat-answer.js';
import type { Members } from '../chat/members.js';
import { readAssistantItem } from './read-items.js';
import { readStop } from './stop-reason.js';

/** https://platform.openai.com/docs/api-reference/responses/object */
export function readAnswer(response: Members): ChatAnswer {
  if (!response.has('output')) response.missing('output');
  const parts = response.objects('output').flatMap(readAssistantItem);
  const stop = readStop(response, new Set(parts.map(({ kind }) => kind)));
  return { ...readHead(response), choices: [{ index: 0, parts, ...(stop !== undefined && { stop }) }] };
}

/** What a response says beside its output and its end. */
export function readHead(response: Members): Omit<ChatAnswer, 'choices' | 'usage'> {
  response.ignore(...ECHO, ...SERVICE);
  return defined<Omit<ChatAnswer, 'choices' | 'usage'>>({
    id: response.string('id'),
    model: response.string('model'),
    createdAt: response.number('created_at'),
    serviceTier: response.string('service_tier'),
  });
}

/** The request, said again. */
const ECHO = [
  'background',
  'conversation',
  'frequency_penalty',
  'instructions',
  'max_output_tokens',
  'max_tool_calls',
  'metadata',
  'moderation',
  'parallel_tool_calls',
  'presence_penalty',
  'previous_response_id',
  'prompt',
  'prompt_cache_key',
  'prompt_cache_options',
  'prompt_cache_retention',
  'reasoning',
  'safety_identifier',
  'store',
  'temperature',
  'text',
  'tool_choice',
  'tools',
  'top_logprobs',
  'top_p',
  'truncation',
  'user',
];

/** What a service says about its work and its bill; libs/usage reads what counts. An error is told before. */
const SERVICE = [
  'object',
  'billing',
  'completed_at',
  'content_filters',
  'error',
  'tool_usage',
  'usage',
  // The SDKs' own: all texts of the output together.
  'output_text',
];
