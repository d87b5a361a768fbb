import type { IncomingHttpHeaders } from 'node:http';
import type { ChatApi } from '#protocols/chat/chat-api.js';
import { Refusal } from '#protocols/error-body.js';
import { type Operation, operations } from './operations.js';

export interface FoundOperation {
  readonly operation: Operation;
  /** Where the path names it. */
  readonly model?: string;
  /** Of the file or batch that the path names. */
  readonly id?: string;
}

/**
 * What clients have in front of an operation's path: the version or not, as their base URL ends in it or not; twice where
 * both their base URL and they add it; and what Azure and Google put before OpenAI's paths.
 */
const BASE = /^(?:\/(?:v1(?:alpha|beta)?|openai))*/;
const COHERE_RERANK = '/v2/rerank';
/** Azure's older clients name the model so. */
const DEPLOYMENT = /^\/deployments\/([^/]+)(?=\/)/;
/** An id goes into a path upstream as it is, so it has none of a path's letters. */
const OBJECT = /^(\/files|\/batches)\/([A-Za-z0-9_-]{1,64})(\/content|\/cancel)?$/;

const byPath = new Map(operations.map((operation) => [`${operation.method} ${operation.path}`, operation]));
/** As nearly all clients call them. */
const byUsualPath = new Map<string, FoundOperation>(
  operations.map((operation) => [`${operation.method} /v1${operation.path}`, { operation }]),
);

/** @param path without its query. */
export function findOperation(method: string, path: string): FoundOperation | Refusal {
  const usual = byUsualPath.get(`${method} ${path}`);
  if (usual !== undefined) return usual;
  const below = path === COHERE_RERANK ? '/rerank' : path.replace(BASE, '');
  const operation = byPath.get(`${method} ${below}`);
  if (operation !== undefined) return { operation };
  return findNamingObject(method, below) ?? findNamingModel(method, below) ?? unknown(method, path);
}

function findNamingObject(method: string, below: string): FoundOperation | undefined {
  const [, kind, id, action = ''] = OBJECT.exec(below) ?? [];
  const operation = byPath.get(`${method} ${kind}/{id}${action}`);
  return operation === undefined || id === undefined ? undefined : { operation, id };
}

function findNamingModel(method: string, below: string): FoundOperation | undefined {
  const [path, named] = splitModel(method, below);
  const operation = byPath.get(`${method} ${path}`);
  const model = decoded(named);
  return operation === undefined || model === undefined ? undefined : { operation, model };
}

/** @returns the operation's own path, and the model that the client's names. A model's name may hold slashes and colons. */
function splitModel(method: string, below: string): [path: string, model: string | undefined] {
  const deployment = DEPLOYMENT.exec(below);
  if (deployment !== null) return [below.slice(deployment[0].length), deployment[1]];
  const [, model, action = ''] = /^\/models\/(.+)(:[a-zA-Z]+)$/.exec(below) ?? [];
  if (method === 'POST') return [`/models/{model}${action}`, model];
  return ['/models/{model}', /^\/models\/(.+)$/.exec(below)?.[1]];
}

function decoded(name: string | undefined): string | undefined {
  try {
    return name && decodeURIComponent(name);
  } catch (error) {
    if (error instanceof URIError) return undefined;
    throw error;
  }
}

function unknown(method: string, path: string): Refusal {
  return new Refusal(
    'not_found',
    `${method} ${path.slice(0, 100)} is not served here: check the path and the base URL.`,
  );
}

/** The protocol that a client seems to speak, where its path does not tell: for lists of models and unknown paths. */
export function likelyProtocol(path: string, headers: IncomingHttpHeaders): ChatApi {
  if (headers['anthropic-version'] !== undefined || path.includes('/messages')) return 'anthropic-messages';
  const isGoogle = /^\/v1(?:alpha|beta)\/(?!openai\/)/.test(path) || namesAction(path);
  return isGoogle || headers['x-goog-api-key'] !== undefined ? 'gemini' : 'openai-chat';
}

/** In linear time: strangers send paths too. */
function namesAction(path: string): boolean {
  const action = path.lastIndexOf(':');
  return /^:[a-zA-Z]+$/.test(path.slice(action)) && path.lastIndexOf('/models/', action) !== -1;
}
