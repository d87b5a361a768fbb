import type { JsonObject } from '#usage/json.js';
import type { ChatAnswer } from '../chat/chat-answer.js';
import type { Target } from '../chat/chat-protocol.js';
import { writeUsage } from './write-usage.js';

export interface ResponseState extends Pick<ChatAnswer, 'id' | 'model' | 'createdAt' | 'usage' | 'serviceTier'> {
  readonly status: 'in_progress' | 'completed' | 'incomplete' | 'failed';
  readonly incomplete_details?: JsonObject | null;
  readonly error?: JsonObject;
  readonly output: readonly JsonObject[];
}

/**
 * The response as the SDKs' types know it. Most members repeat the request, which an answer does not know: they have
 * the value that says least.
 */
export function writeResponse(state: ResponseState, to: Target): JsonObject {
  const { id, model, createdAt, usage, serviceTier } = state;
  return {
    id: id ?? to.id,
    object: 'response',
    created_at: createdAt ?? to.now,
    status: state.status,
    background: false,
    error: state.error ?? null,
    incomplete_details: state.incomplete_details ?? null,
    instructions: null,
    max_output_tokens: null,
    max_tool_calls: null,
    metadata: {},
    model: model ?? to.model,
    output: state.output,
    parallel_tool_calls: true,
    previous_response_id: null,
    prompt_cache_key: null,
    reasoning: { effort: null, summary: null },
    safety_identifier: null,
    // Anthropic's standard tier is called the default here.
    ...(serviceTier !== undefined && { service_tier: serviceTier === 'standard' ? 'default' : serviceTier }),
    store: false,
    temperature: null,
    text: { format: { type: 'text' } },
    tool_choice: 'auto',
    tools: [],
    top_logprobs: 0,
    top_p: null,
    truncation: 'disabled',
    usage: (usage && writeUsage(usage)) ?? null,
    user: null,
  };
}
