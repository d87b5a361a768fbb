import { asObject, type JsonObject } from '#usage/json.js';
import type { ChatError, ErrorKind } from '../chat/chat-answer.js';
import { bareError } from '../chat/bare-error.js';
import type { Target } from '../chat/chat-protocol.js';

/** https://platform.claude.com/docs/en/api/errors */
const types: Readonly<Record<ErrorKind, string>> = {
  invalid_request: 'invalid_request_error',
  authentication: 'authentication_error',
  billing: 'billing_error',
  permission: 'permission_error',
  not_found: 'not_found_error',
  timeout: 'timeout_error',
  conflict: 'conflict_error',
  too_large: 'request_too_large',
  rate_limit: 'rate_limit_error',
  server: 'api_error',
  overloaded: 'overloaded_error',
};

export function readError(body: JsonObject): ChatError | undefined {
  const error = asObject(body['error']);
  // An answer of a provider that gives every one of its bodies an `error` is still an answer.
  if (body['type'] === 'message' || body['content'] !== undefined) return undefined;
  if (error === undefined) {
    // Bedrock and proxies. An event of a stream has a type.
    const words = typeof body['type'] === 'string' ? undefined : bareError(body);
    return words === undefined ? undefined : { kind: 'server', message: words };
  }
  const type = typeof error['type'] === 'string' ? error['type'] : undefined;
  const kind = (Object.keys(types) as ErrorKind[]).find((one) => types[one] === type);
  const stated = asObject(error['details'])?.['error_code'];
  // A type that is not known is at least the provider's own word for what happened.
  const code = typeof stated === 'string' ? stated : kind === undefined ? type : undefined;
  const message = typeof error['message'] === 'string' ? error['message'] : 'The provider gave no message.';
  return { kind: kind ?? 'server', message, ...(code !== undefined && { code }) };
}

export function writeError({ kind, message, param, code }: ChatError, to: Target): JsonObject {
  if (param !== undefined) to.losses.hint('error.param', 'an error names no member here');
  const details = code === undefined ? {} : { details: { error_code: code } };
  return { type: 'error', error: { type: types[kind], message, ...details }, request_id: null };
}
