import type { Members } from '../chat/members.js';

/** Members of every answer of some server that say how it was made, and nothing about what was answered. */
const ofAnswer = [
  'object',
  // libs/usage reads them.
  'usage',
  'usage_breakdown',
  'system_fingerprint',
  // OpenAI: filler that hides the size of chunks, under two names.
  'obfuscation',
  'p',
  // Azure: what its filters thought of the prompt.
  'prompt_filter_results',
  // Groq, Cerebras, Crusoe, Z.ai, OpenRouter, SGLang
  'x_groq',
  'time_info',
  'sla_metrics',
  'request_id',
  'provider',
  'metadata',
  // vLLM
  'kv_transfer_params',
  'prompt_logprobs',
  'prompt_text',
  'prompt_token_ids',
  'metrics',
  // Together: what it moderated of the prompt.
  'prompt',
] as const;

const ofChoice = [
  // The upstream's own word, beside the one in this protocol's.
  'native_finish_reason',
  'content_filter_results',
  'content_filter_result',
  'content_filter_offsets',
  // Moonshot: usage, which libs/usage reads.
  'usage',
  // Together: the text once more as its older API had it, and the seed.
  'text',
  'seed',
  // vLLM
  'token_ids',
  'routed_experts',
] as const;

export function ignoreService(answer: Members): void {
  answer.ignore(...ofAnswer);
  if (answer.value('moderation') !== undefined) {
    answer.losses.hint('moderation', 'the provider rated the request and the answer');
  }
}

export function ignoreServiceOfChoice(choice: Members): void {
  choice.ignore(...ofChoice);
}
