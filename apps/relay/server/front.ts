import type { IncomingMessage, ServerResponse } from 'node:http';
import { uuidv7 } from 'uuidv7';
import type { Api } from '#protocols/api.js';
import { Refusal } from '#protocols/error-body.js';
import type { ChannelTable } from '../channels/channel-table.js';
import { listModels } from '../channels/list-models.js';
import type { Journal } from '../journal/journal.js';
import { apiOfPath, sendRefusal } from '../receive/send-refusal.js';
import type { RelayRequest } from '../relay-request.js';
import type { Snapshots } from '../snapshots/snapshots.js';

export interface FrontRooms {
  readonly requests: RelayRequest;
  readonly channels: ChannelTable;
  readonly snapshots: Snapshots;
  readonly journal: Journal;
}

type Serve = (request: IncomingMessage, response: ServerResponse) => void;

/** What is behind each method and path. The SDKs' base URL ends in /v1 or not: both work. */
export class Front {
  readonly #routes: ReadonlyMap<string, Serve>;

  constructor(private readonly rooms: FrontRooms) {
    const relay =
      (api: Api): Serve =>
      (request, response) =>
        void this.rooms.requests.relay(api, { request, response });
    const models: Serve = (request, response) => this.#models(request, response);
    this.#routes = new Map<string, Serve>([
      ...underBoth('POST', '/chat/completions', relay('openai-chat')),
      ...underBoth('POST', '/messages', relay('anthropic-messages')),
      ...underBoth('GET', '/models', models),
      ['GET /healthz', (_request, response) => sendJson(response, { status: 'ok' })],
      ['GET /readyz', (_request, response) => this.#ready(response)],
    ]);
  }

  readonly serve: Serve = (request, response) => {
    const path = pathOf(request);
    const method = request.method === 'HEAD' ? 'GET' : request.method;
    const serve = this.#routes.get(`${method} ${path}`);
    if (serve !== undefined) return serve(request, response);
    const asked = `${request.method} ${path.slice(0, 100)}`;
    const refusal = new Refusal(
      'not_found',
      `${asked} is not served here: POST /v1/chat/completions, POST /v1/messages and GET /v1/models are.`,
    );
    sendRefusal(response, apiOfPath(path), refusal, uuidv7());
  };

  /** Both providers list their models at the same path; only Anthropic's clients send a version. */
  #models(request: IncomingMessage, response: ServerResponse): void {
    const api: Api = request.headers['anthropic-version'] === undefined ? 'openai-chat' : 'anthropic-messages';
    const requestId = uuidv7();
    const caller = this.rooms.requests.authenticate(request.headers);
    if (caller instanceof Refusal) return sendRefusal(response, api, caller, requestId);
    response.setHeader('x-request-id', requestId);
    sendJson(response, listModels(api, this.rooms.channels.models(api)));
  }

  #ready(response: ServerResponse): void {
    const checks = { snapshots: this.rooms.snapshots.isLoaded, journal: this.rooms.journal.hasRoom() };
    const ready = Object.values(checks).every(Boolean);
    sendJson(response, { status: ready ? 'ok' : 'not ready', checks }, ready ? 200 : 503);
  }
}

function underBoth(method: string, path: string, serve: Serve): [string, Serve][] {
  return [
    [`${method} /v1${path}`, serve],
    [`${method} ${path}`, serve],
  ];
}

function pathOf({ url = '' }: IncomingMessage): string {
  const query = url.indexOf('?');
  return query === -1 ? url : url.slice(0, query);
}

function sendJson(response: ServerResponse, body: object, status = 200): void {
  const json = JSON.stringify(body);
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(json),
  });
  response.end(json);
}
