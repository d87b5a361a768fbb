import { asObject, type JsonObject } from '#usage/json.js';
import { bareError } from '../chat/bare-error.js';
import { errorStatus, type ChatError, type ErrorKind } from '../chat/chat-answer.js';

/** Codes and types by which OpenAI and the other servers of this protocol name errors. */
const kinds: ReadonlyMap<string, ErrorKind> = new Map(
  Object.entries({
    invalid_request_error: 'invalid_request',
    context_length_exceeded: 'invalid_request',
    authentication_error: 'authentication',
    invalid_api_key: 'authentication',
    insufficient_quota: 'billing',
    billing_error: 'billing',
    insufficient_balance: 'billing',
    permission_error: 'permission',
    permission_denied: 'permission',
    model_not_found: 'not_found',
    not_found_error: 'not_found',
    timeout_error: 'timeout',
    timeout: 'timeout',
    conflict_error: 'conflict',
    request_too_large: 'too_large',
    rate_limit_error: 'rate_limit',
    rate_limit_exceeded: 'rate_limit',
    requests: 'rate_limit',
    tokens: 'rate_limit',
    server_error: 'server',
    internal_server_error: 'server',
    api_error: 'server',
    overloaded_error: 'overloaded',
    engine_overloaded_error: 'overloaded',
    service_unavailable: 'overloaded',
  }),
);

/** How each kind is called here: the names that `kinds` reads back. */
const types: Readonly<Record<ErrorKind, string>> = {
  invalid_request: 'invalid_request_error',
  authentication: 'authentication_error',
  billing: 'insufficient_quota',
  permission: 'permission_error',
  not_found: 'not_found_error',
  timeout: 'timeout_error',
  conflict: 'conflict_error',
  too_large: 'request_too_large',
  rate_limit: 'rate_limit_error',
  server: 'server_error',
  overloaded: 'overloaded_error',
};

/** `{"error": {…}}`; xAI has the message itself there, Mistral and older vLLM have no envelope, FastAPI has `detail`. */
export function readError(body: JsonObject): ChatError | undefined {
  const error = asObject(body['error']);
  if (error !== undefined) return errorOf(error);
  if (typeof body['error'] === 'string') return errorOf({ ...body, message: body['error'] });
  if (body['object'] === 'error') return errorOf(body);
  const isAnswer = body['choices'] !== undefined;
  if (isAnswer) return undefined;
  if (typeof body['message'] === 'string') return errorOf(body);
  const detail = bareError(body);
  return detail === undefined ? undefined : { kind: 'invalid_request', message: detail };
}

function errorOf(error: JsonObject): ChatError {
  const { message, param, code } = error;
  return {
    kind: kindOf(error),
    message: typeof message === 'string' ? message : JSON.stringify(message ?? error),
    ...(typeof param === 'string' && { param }),
    ...(typeof code === 'string' && { code }),
  };
}

function kindOf({ code, type, status, status_code: statusCode }: JsonObject): ErrorKind {
  const named = [code, type].flatMap((name) => (typeof name === 'string' ? [kinds.get(name.toLowerCase())] : []));
  const kind = named.find((one) => one !== undefined);
  if (kind !== undefined) return kind;
  // OpenRouter's code is the HTTP status, LiteLLM's too, as a string; Groq has it beside. Mistral has numbers of its own.
  const given = [statusCode, status, code].map(Number).find((one) => one >= 400 && one < 600);
  return given === undefined ? 'server' : kindOfStatus(given);
}

function kindOfStatus(status: number): ErrorKind {
  const exact = (Object.keys(errorStatus) as ErrorKind[]).find((kind) => errorStatus[kind] === status);
  if (exact !== undefined) return exact;
  return status < 500 ? 'invalid_request' : 'server';
}

export function writeError({ kind, message, param, code }: ChatError): JsonObject {
  return { error: { message, type: types[kind], param: param ?? null, code: code ?? null } };
}
