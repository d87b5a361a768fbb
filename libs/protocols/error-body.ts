import type { ChatApi } from './chat/chat-api.js';

/** What went wrong with a request, in no protocol's words. */
export type RefusalCode =
  | 'invalid_request'
  | 'unauthenticated'
  | 'insufficient_quota'
  | 'rate_limited'
  | 'tokens_limited'
  | 'forbidden'
  | 'model_not_found'
  | 'not_found'
  | 'too_large'
  | 'unsupported_media_type'
  | 'timeout'
  | 'unavailable'
  | 'upstream_unreachable'
  | 'upstream_refused'
  | 'upstream_timeout'
  | 'internal';

/** Why a request is not served: an expected outcome, so a value and no exception. */
export class Refusal {
  constructor(
    readonly code: RefusalCode,
    /** A sentence that names the thing and says what to do. It never repeats a key or a part of a prompt. */
    readonly message: string,
    /** The member of the request that is wrong. */
    readonly param?: string,
    /** When the same request may be served. */
    readonly retryAfterSeconds?: number,
  ) {}
}

/** The HTTP status, and the type under which the official SDKs of each family know such an error. */
const wire: Readonly<Record<RefusalCode, { status: number; openai: string; anthropic: string; google: string }>> = {
  invalid_request: {
    status: 400,
    openai: 'invalid_request_error',
    anthropic: 'invalid_request_error',
    google: 'INVALID_ARGUMENT',
  },
  unauthenticated: {
    status: 401,
    openai: 'authentication_error',
    anthropic: 'authentication_error',
    google: 'UNAUTHENTICATED',
  },
  forbidden: { status: 403, openai: 'permission_error', anthropic: 'permission_error', google: 'PERMISSION_DENIED' },
  // What of the account is used up; too many at once is another thing, and passes by itself.
  insufficient_quota: {
    status: 402,
    openai: 'insufficient_quota',
    anthropic: 'billing_error',
    google: 'RESOURCE_EXHAUSTED',
  },
  rate_limited: { status: 429, openai: 'requests', anthropic: 'rate_limit_error', google: 'RESOURCE_EXHAUSTED' },
  tokens_limited: { status: 429, openai: 'tokens', anthropic: 'rate_limit_error', google: 'RESOURCE_EXHAUSTED' },
  model_not_found: { status: 404, openai: 'invalid_request_error', anthropic: 'not_found_error', google: 'NOT_FOUND' },
  not_found: { status: 404, openai: 'invalid_request_error', anthropic: 'not_found_error', google: 'NOT_FOUND' },
  timeout: {
    status: 408,
    openai: 'invalid_request_error',
    anthropic: 'invalid_request_error',
    google: 'DEADLINE_EXCEEDED',
  },
  too_large: {
    status: 413,
    openai: 'invalid_request_error',
    anthropic: 'request_too_large',
    google: 'INVALID_ARGUMENT',
  },
  unsupported_media_type: {
    status: 415,
    openai: 'invalid_request_error',
    anthropic: 'invalid_request_error',
    google: 'INVALID_ARGUMENT',
  },
  internal: { status: 500, openai: 'server_error', anthropic: 'api_error', google: 'INTERNAL' },
  upstream_unreachable: { status: 502, openai: 'server_error', anthropic: 'api_error', google: 'UNAVAILABLE' },
  upstream_refused: { status: 502, openai: 'server_error', anthropic: 'api_error', google: 'UNAVAILABLE' },
  unavailable: { status: 503, openai: 'server_error', anthropic: 'overloaded_error', google: 'UNAVAILABLE' },
  upstream_timeout: { status: 504, openai: 'server_error', anthropic: 'timeout_error', google: 'DEADLINE_EXCEEDED' },
};

/** OpenAI clients branch on `code`; these are the ones that OpenAI itself uses, and ours where it has none. */
const openaiCodes: Partial<Record<RefusalCode, string>> = {
  unauthenticated: 'invalid_api_key',
  rate_limited: 'rate_limit_exceeded',
  tokens_limited: 'rate_limit_exceeded',
  invalid_request: 'invalid_request_error',
};

export const refusalStatus = (refusal: Refusal): number => wire[refusal.code].status;

/** The error body in the shape of the protocol that the client speaks. Each shape is as its provider documents it. */
export function errorBody(api: ChatApi, refusal: Refusal, requestId: string): object {
  const { status, openai, anthropic, google } = wire[refusal.code];
  switch (api) {
    case 'openai-chat':
    case 'openai-responses':
      return {
        error: {
          message: refusal.message,
          type: openai,
          param: refusal.param ?? null,
          code: openaiCodes[refusal.code] ?? refusal.code,
        },
      };
    case 'anthropic-messages':
      return { type: 'error', error: { type: anthropic, message: refusal.message }, request_id: requestId };
    case 'gemini':
      return { error: { code: status, message: refusal.message, status: google } };
  }
}
