import { asObject, objectsIn, type JsonObject } from '#usage/json.js';
import { bareError } from '../chat/bare-error.js';
import { errorStatus, type ChatError, type ErrorKind } from '../chat/chat-answer.js';

/** Google's names (google.rpc.Code), https://ai.google.dev/gemini-api/docs/troubleshooting. */
const kinds: ReadonlyMap<string, ErrorKind> = new Map(
  Object.entries({
    INVALID_ARGUMENT: 'invalid_request',
    FAILED_PRECONDITION: 'invalid_request',
    OUT_OF_RANGE: 'invalid_request',
    UNIMPLEMENTED: 'invalid_request',
    UNAUTHENTICATED: 'authentication',
    PERMISSION_DENIED: 'permission',
    NOT_FOUND: 'not_found',
    ALREADY_EXISTS: 'conflict',
    ABORTED: 'conflict',
    RESOURCE_EXHAUSTED: 'rate_limit',
    CANCELLED: 'timeout',
    DEADLINE_EXCEEDED: 'timeout',
    INTERNAL: 'server',
    UNKNOWN: 'server',
    DATA_LOSS: 'server',
    UNAVAILABLE: 'overloaded',
  }),
);

/** Google has no name of its own for all of them: there the HTTP status says it. */
const statuses: Readonly<Record<ErrorKind, string>> = {
  invalid_request: 'INVALID_ARGUMENT',
  authentication: 'UNAUTHENTICATED',
  billing: 'FAILED_PRECONDITION',
  permission: 'PERMISSION_DENIED',
  not_found: 'NOT_FOUND',
  timeout: 'DEADLINE_EXCEEDED',
  conflict: 'ABORTED',
  too_large: 'INVALID_ARGUMENT',
  rate_limit: 'RESOURCE_EXHAUSTED',
  server: 'INTERNAL',
  overloaded: 'UNAVAILABLE',
};

const ERROR_INFO = 'type.googleapis.com/google.rpc.ErrorInfo';
const BAD_REQUEST = 'type.googleapis.com/google.rpc.BadRequest';

/** undefined when the body is no error of Google's shape (https://cloud.google.com/apis/design/errors#http_mapping). */
export function readError(body: JsonObject): ChatError | undefined {
  const error = asObject(body['error']);
  if (error === undefined) {
    const words = body['candidates'] === undefined ? bareError(body) : undefined;
    return words === undefined ? undefined : { kind: 'server', message: words };
  }
  const status = typeof error['status'] === 'string' ? error['status'] : undefined;
  const details = objectsIn(error['details']);
  const reason = details.find((detail) => detail['@type'] === ERROR_INFO)?.['reason'];
  const field = details.flatMap((detail) => objectsIn(detail['fieldViolations']))[0]?.['field'];
  const code = typeof reason === 'string' ? reason : status;
  return {
    // Google tells a wrong key as an invalid argument.
    kind: reason === 'API_KEY_INVALID' ? 'authentication' : kindOf(error['code'], status),
    message: typeof error['message'] === 'string' ? error['message'] : 'The provider gave no message.',
    ...(typeof field === 'string' && { param: field }),
    ...(code !== undefined && { code }),
  };
}

function kindOf(code: unknown, status: string | undefined): ErrorKind {
  const byCode = (Object.keys(errorStatus) as ErrorKind[]).find((kind) => errorStatus[kind] === code);
  const byStatus = status === undefined ? undefined : kinds.get(status);
  return byCode ?? byStatus ?? (typeof code === 'number' && code < 500 ? 'invalid_request' : 'server');
}

export function writeError({ kind, message, param, code }: ChatError): JsonObject {
  const status = statuses[kind];
  const details = [
    ...(code !== undefined && code !== status ? [{ '@type': ERROR_INFO, reason: code }] : []),
    ...(param !== undefined ? [{ '@type': BAD_REQUEST, fieldViolations: [{ field: param }] }] : []),
  ];
  return { error: { code: errorStatus[kind], message, status, ...(details.length > 0 && { details }) } };
}
