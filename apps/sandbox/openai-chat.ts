import { z } from 'zod';
import {
  answerPieces,
  countWords,
  maxOutputTokens,
  outputTokensAfter,
  type Answer,
  type Ask,
} from './decide-answer.js';
import type { Directives } from './directives.js';
import { createdAtSeconds } from './models.js';
import type { Protocol } from './protocol.js';
import { SandboxError } from './sandbox-error.js';

// Zero is accepted, which OpenAI refuses, so that a trace's request without output can be replayed.
const outputLimit = z.int().min(0).max(maxOutputTokens).nullish();
const content = z.union([z.string(), z.array(z.object({ type: z.string(), text: z.string().optional() }))]);
const request = z.object({
  model: z.string().min(1),
  messages: z.array(z.object({ role: z.string(), content: content.nullish() })).min(1),
  max_tokens: outputLimit,
  max_completion_tokens: outputLimit,
  stream: z.boolean().nullish(),
  stream_options: z.object({ include_usage: z.boolean().nullish() }).nullish(),
  service_tier: z.enum(['auto', 'default', 'flex', 'scale', 'priority']).nullish(),
});

/** OpenAI chat completions: https://platform.openai.com/docs/api-reference/chat */
export const openaiChat: Protocol = {
  requestIdHeader: 'x-request-id',

  readAsk(body) {
    const parsed = request.safeParse(body);
    if (!parsed.success) throw refusal(body, parsed.error.issues[0]);
    const { data } = parsed;
    if (data.stream_options != null && data.stream !== true) {
      const message = "The 'stream_options' parameter is only allowed when 'stream' is enabled.";
      throw new SandboxError(400, message, { param: 'stream_options' });
    }
    const limit = data.max_completion_tokens ?? data.max_tokens;
    const tier = data.service_tier;
    return {
      model: data.model,
      words: data.messages.reduce((sum, message) => sum + wordsOf(message.content ?? ''), 0),
      stream: data.stream === true,
      includeUsage: data.stream_options?.include_usage === true,
      ...(limit == null ? {} : { outputLimit: limit }),
      ...(tier == null || tier === 'auto' ? {} : { tier }),
    };
  },

  writeAnswer(answer, usage) {
    const message = { role: 'assistant', content: answerPieces(answer).join(''), refusal: null, annotations: [] };
    return {
      ...envelope(answer, 'chat.completion'),
      choices: [{ index: 0, message, logprobs: null, finish_reason: finishReason(answer) }],
      ...(usage === 'omit' ? {} : { usage: usageOf(answer, answer.outputTokens) }),
    };
  },

  writeStream(answer, ask, usage) {
    const pieces = answerPieces(answer);
    const head = envelope(answer, 'chat.completion.chunk');
    const chunk = (delta: object, saidPieces: number, finish_reason: string | null = null) =>
      event({
        ...head,
        choices: [{ index: 0, delta, logprobs: null, finish_reason }],
        ...usageOnChunk(answer, ask, usage, saidPieces),
      });
    const events = [chunk({ role: 'assistant', content: '', refusal: null }, 0)];
    pieces.forEach((piece, index) => events.push(chunk({ content: piece }, index + 1)));
    events.push(chunk({}, pieces.length, finishReason(answer)));
    if (ask.includeUsage && usage !== 'omit') {
      events.push(event({ ...head, choices: [], usage: usageOf(answer, answer.outputTokens) }));
    }
    events.push('data: [DONE]\n\n');
    return events;
  },

  writeError({ status, message, detail }) {
    const { type, code } = errorKinds[status] ?? (status < 500 ? invalidRequest : serverError);
    return { error: { message, type, param: detail.param ?? null, code: detail.code ?? code } };
  },
};

interface ErrorKind {
  readonly type: string;
  readonly code: string | null;
}
const invalidRequest: ErrorKind = { type: 'invalid_request_error', code: null };
const serverError: ErrorKind = { type: 'server_error', code: null };
/** https://platform.openai.com/docs/guides/error-codes */
const errorKinds: Readonly<Record<number, ErrorKind>> = {
  401: { type: 'invalid_request_error', code: 'invalid_api_key' },
  404: { type: 'invalid_request_error', code: 'model_not_found' },
  429: { type: 'requests', code: 'rate_limit_exceeded' },
};

function envelope(answer: Answer, object: string) {
  return {
    id: `chatcmpl-${answer.hash.slice(0, 29)}`,
    object,
    created: createdAtSeconds,
    model: answer.model,
    service_tier: answer.tier ?? 'default',
    system_fingerprint: null,
  };
}

function usageOf(answer: Answer, outputTokens: number) {
  return {
    prompt_tokens: answer.inputTokens,
    completion_tokens: outputTokens,
    total_tokens: answer.inputTokens + outputTokens,
    prompt_tokens_details: {
      cached_tokens: answer.cachedTokens,
      audio_tokens: 0,
      ...(cacheWrites(answer) === 0 ? {} : { cache_write_tokens: cacheWrites(answer) }),
    },
    completion_tokens_details: {
      reasoning_tokens: answer.reasoningTokens,
      audio_tokens: 0,
      accepted_prediction_tokens: 0,
      rejected_prediction_tokens: 0,
    },
  };
}

// OpenAI knows one kind of cache write, without a time to live.
const cacheWrites = (answer: Answer) => answer.cacheWrite5m + answer.cacheWrite1h;

/** OpenAI says `"usage":null` on every chunk when usage was asked for, and nothing otherwise. */
function usageOnChunk(answer: Answer, ask: Ask, usage: Directives['usage'], saidPieces: number) {
  if (usage === 'repeat') return { usage: usageOf(answer, outputTokensAfter(answer, saidPieces)) };
  return ask.includeUsage && usage !== 'omit' ? { usage: null } : {};
}

function wordsOf(text: z.infer<typeof content>): number {
  if (typeof text === 'string') return countWords(text);
  return text.reduce((sum, part) => sum + (part.type === 'text' ? countWords(part.text ?? '') : 0), 0);
}

const finishReason = (answer: Answer) => (answer.limited ? 'length' : 'stop');
const event = (data: object) => `data: ${JSON.stringify(data)}\n\n`;

function refusal(body: unknown, issue: z.core.$ZodIssue | undefined): SandboxError {
  const [name] = issue?.path ?? [];
  if (typeof body !== 'object' || body === null || typeof name !== 'string') {
    return new SandboxError(400, 'The body of a chat completion is a JSON object.');
  }
  if (!(name in body)) {
    return name === 'model'
      ? new SandboxError(400, 'you must provide a model parameter')
      : new SandboxError(400, `Missing required parameter: '${name}'.`, {
          param: name,
          code: 'missing_required_parameter',
        });
  }
  const param = (issue?.path ?? [])
    .map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`))
    .join('');
  const at = param.slice(1);
  return new SandboxError(400, `Invalid '${at}': ${issue?.message ?? ''}.`, { param: at, code: 'invalid_value' });
}
