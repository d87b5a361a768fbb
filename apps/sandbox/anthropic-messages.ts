import { z } from 'zod';
import { answerPieces, countWords, maxOutputTokens, outputTokensAfter, type Answer } from './decide-answer.js';
import type { Protocol } from './protocol.js';
import { SandboxError } from './sandbox-error.js';

const text = z.union([z.string(), z.array(z.object({ type: z.string(), text: z.string().optional() }))]);
const request = z.object({
  model: z.string().min(1),
  max_tokens: z.int().min(0).max(maxOutputTokens),
  messages: z.array(z.object({ role: z.string(), content: text })).min(1),
  system: text.optional(),
  stream: z.boolean().optional(),
  service_tier: z.enum(['auto', 'standard_only']).optional(),
});

/** Anthropic messages: https://docs.anthropic.com/en/api/messages, and …/build-with-claude/streaming */
export const anthropicMessages: Protocol = {
  requestIdHeader: 'request-id',

  readAsk(body) {
    const parsed = request.safeParse(body);
    if (!parsed.success) throw refusal(body, parsed.error.issues[0]);
    const { data } = parsed;
    return {
      model: data.model,
      words: data.messages.reduce((sum, message) => sum + wordsOf(message.content), wordsOf(data.system ?? '')),
      outputLimit: data.max_tokens,
      stream: data.stream === true,
      includeUsage: true,
    };
  },

  writeAnswer(answer, usage) {
    const content = answerPieces(answer).join('');
    return {
      ...message(answer, content === '' ? [] : [{ type: 'text', text: content }]),
      stop_reason: stopReason(answer),
      ...(usage === 'omit' ? {} : { usage: usageOf(answer, answer.outputTokens) }),
    };
  },

  writeStream(answer, _ask, usage) {
    const pieces = answerPieces(answer);
    const start = message(answer, []);
    const atStart = Math.min(1, answer.outputTokens);
    const events = [
      event('message_start', {
        message: usage === 'omit' ? start : { ...start, usage: usageOf(answer, atStart) },
      }),
    ];
    if (pieces.length > 0) {
      events.push(event('content_block_start', { index: 0, content_block: { type: 'text', text: '' } }));
      events.push(event('ping', {}));
      pieces.forEach((piece, index) => {
        events.push(event('content_block_delta', { index: 0, delta: { type: 'text_delta', text: piece } }));
        if (usage === 'repeat') events.push(messageDelta(answer, null, outputTokensAfter(answer, index + 1)));
      });
      events.push(event('content_block_stop', { index: 0 }));
    }
    events.push(messageDelta(answer, stopReason(answer), usage === 'omit' ? undefined : answer.outputTokens));
    events.push(event('message_stop', {}));
    return events;
  },

  writeError({ status, message }, requestId) {
    const type = errorTypes[status] ?? (status < 500 ? 'invalid_request_error' : 'api_error');
    return { type: 'error', error: { type, message }, request_id: requestId };
  },
};

/** https://docs.anthropic.com/en/api/errors */
const errorTypes: Readonly<Record<number, string>> = {
  401: 'authentication_error',
  403: 'permission_error',
  404: 'not_found_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
  529: 'overloaded_error',
};

function message(answer: Answer, content: object[]) {
  return {
    id: `msg_01${answer.hash.slice(0, 22)}`,
    type: 'message',
    role: 'assistant',
    model: answer.model,
    content,
    stop_reason: null,
    stop_sequence: null,
  };
}

/** Input is what was neither read from the cache nor written to it; the split of writes by their time to live is given here only. */
function usageOf(answer: Answer, outputTokens: number) {
  const { cacheWrite5m, cacheWrite1h, tier } = answer;
  return {
    ...cumulativeUsageOf(answer, outputTokens),
    cache_creation: { ephemeral_5m_input_tokens: cacheWrite5m, ephemeral_1h_input_tokens: cacheWrite1h },
    service_tier: tier ?? 'standard',
  };
}

/** The counts that message_delta repeats. */
function cumulativeUsageOf(answer: Answer, outputTokens: number) {
  const cacheWrite = answer.cacheWrite5m + answer.cacheWrite1h;
  return {
    input_tokens: answer.inputTokens - answer.cachedTokens - cacheWrite,
    cache_creation_input_tokens: cacheWrite,
    cache_read_input_tokens: answer.cachedTokens,
    output_tokens: outputTokens,
    ...(answer.reasoningTokens === 0
      ? {}
      : { output_tokens_details: { thinking_tokens: Math.min(answer.reasoningTokens, outputTokens) } }),
  };
}

function messageDelta(answer: Answer, stop_reason: string | null, outputTokens: number | undefined): string {
  return event('message_delta', {
    delta: { stop_reason, stop_sequence: null },
    ...(outputTokens === undefined ? {} : { usage: cumulativeUsageOf(answer, outputTokens) }),
  });
}

function wordsOf(content: z.infer<typeof text>): number {
  if (typeof content === 'string') return countWords(content);
  return content.reduce((sum, block) => sum + (block.type === 'text' ? countWords(block.text ?? '') : 0), 0);
}

const stopReason = (answer: Answer) => (answer.limited ? 'max_tokens' : 'end_turn');
const event = (type: string, data: object) => `event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`;

function refusal(body: unknown, issue: z.core.$ZodIssue | undefined): SandboxError {
  const path = issue?.path ?? [];
  const [name] = path;
  if (typeof body !== 'object' || body === null || typeof name !== 'string') {
    return new SandboxError(400, 'The body of a message request is a JSON object.');
  }
  const missing = !(name in body);
  return new SandboxError(400, `${path.join('.')}: ${missing ? 'Field required' : (issue?.message ?? '')}`);
}
