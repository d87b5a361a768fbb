import { asObject, type JsonObject } from '#usage/json.js';
import type { ChatError, ErrorKind } from '../chat/chat-answer.js';
import { readError as readChatError } from '../openai/error.js';

/** What a failed response can say of its input, beside `server_error` and the like. */
const OF_THE_INPUT = /image|^invalid_prompt$|^bio_policy$|^data_residency_mismatch$/;

/** The body of a failed request is that of OpenAI chat, and a response that failed has its error in the same place. */
export function readError(body: JsonObject): ChatError | undefined {
  const error = readChatError(body);
  const isOfInput = error?.kind === 'server' && OF_THE_INPUT.test(error.code ?? '');
  return error && isOfInput ? { ...error, kind: 'invalid_request' } : error;
}

/** The event `error` is documented with its members in itself; OpenAI sends them in an `error`, as in a response. */
export function readErrorEvent(event: JsonObject): ChatError {
  const { code, message, param } = event;
  const error = asObject(event['error']) ?? { code, message, param };
  return readError({ error: { ...error, message: error['message'] ?? 'The provider gave no message.' } })!;
}

const codes: Partial<Record<ErrorKind, string>> = {
  invalid_request: 'invalid_prompt',
  rate_limit: 'rate_limit_exceeded',
};

/** The error within a response that failed: it must have a code. */
export function writeResponseError({ kind, message, code }: ChatError): JsonObject {
  return { code: code ?? codes[kind] ?? 'server_error', message };
}
