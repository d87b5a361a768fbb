import type { IncomingHttpHeaders } from 'node:http';
import type { UsageApi } from '#usage/usage-api.js';
import { likelyProtocol } from './find-operation.js';
import { type Operation, operations } from './operations.js';

const METHODS: readonly string[] = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] satisfies Operation['method'][];

/**
 * No escape, no empty or dotted segment, nothing that some servers cut off: what a policy permits is what the upstream
 * reads, and lies below the channel's address.
 */
const PLAIN_PATH = /^(?:\/(?!\.+(?:\/|$))[\w.~:@+,=-]+)+$/;

/** What no operation serves, for whom policies permit it. @returns undefined for what is never forwarded. */
export function passthroughOperation(
  method: string,
  path: string,
  headers: IncomingHttpHeaders,
): Operation | undefined {
  if (!isMethod(method) || !PLAIN_PATH.test(path)) return undefined;
  const usageApi = answeredAs(method, path);
  return {
    ...{ name: 'passthrough', method, path, protocol: likelyProtocol(path, headers), api: usageApi ?? 'openai-chat' },
    ...(usageApi === undefined ? { usageApi: 'openai-chat', unmetered: true } : { usageApi }),
  };
}

/**
 * Which usage its answer tells, where its path ends as that of an operation does. What was generated before is told
 * again to whoever fetches it, and counts once.
 */
function answeredAs(method: Operation['method'], path: string): UsageApi | undefined {
  if (method !== 'POST') return undefined;
  const metered = operations.filter(({ local, ofBatches, free }) => (local ?? ofBatches ?? free) === undefined);
  return metered.find((operation) => path.endsWith(operation.path.replace('/models/{model}', '')))?.usageApi;
}

function isMethod(method: string): method is Operation['method'] {
  return METHODS.includes(method);
}
