import type { IncomingMessage, ServerResponse } from 'node:http';
import { uuidv7 } from 'uuidv7';
import { Refusal } from '#protocols/error-body.js';
import type { ServeBatches } from '../batches/serve-batches.js';
import type { ChannelTable } from '../channels/channel-table.js';
import { describeModel, listModels } from '../channels/list-models.js';
import type { Journal } from '../journal/journal.js';
import { findOperation, type FoundOperation, likelyProtocol } from '../operations/find-operation.js';
import { passthroughOperation } from '../operations/passthrough.js';
import { callableModels } from '../policy/callable-models.js';
import { sendRefusal } from '../receive/send-refusal.js';
import type { RelayRequest } from '../relay-request.js';
import type { Snapshots } from '../snapshots/snapshots.js';
import { sendJson } from './send-json.js';

export interface FrontRooms {
  readonly requests: RelayRequest;
  readonly batches: ServeBatches;
  readonly channels: ChannelTable;
  readonly snapshots: Snapshots;
  readonly journal: Journal;
}

const DRY_RUN = '/route/';

const NOT_EXPLAINED = new Refusal(
  'not_found',
  'Files and batches have no dry run: a file’s channel is the first with batches.',
);

interface Asked {
  readonly method: string;
  readonly path: string;
  readonly isDryRun: boolean;
}

type Pair = Parameters<RelayRequest['relay']>[1];
type Serve = (request: IncomingMessage, response: ServerResponse) => void;

/** What is behind each method and path: the operations, and how the relay is. */
export class Front {
  constructor(private readonly rooms: FrontRooms) {}

  readonly serve: Serve = (request, response) => {
    const asked = pathOf(request);
    // Before any call's path: it is not made, but explained.
    const isDryRun = asked.startsWith(DRY_RUN);
    const path = isDryRun ? asked.slice(DRY_RUN.length - 1) : asked;
    const method = request.method === 'HEAD' ? 'GET' : (request.method ?? '');
    if (method === 'GET' && path === '/healthz') return sendJson(response, { status: 'ok' });
    if (method === 'GET' && path === '/readyz') return this.#ready(response);
    const found = findOperation(method, path);
    if (found instanceof Refusal) return this.#unknown({ method, path, isDryRun }, found, { request, response });
    if (found.operation.local === true) return this.#models(request, response, found);
    const { requests, batches } = this.rooms;
    if (found.operation.ofBatches === true) {
      if (!isDryRun) return void batches.serve(found, request, response);
      return sendRefusal(response, found.operation.protocol, NOT_EXPLAINED, uuidv7());
    }
    void (isDryRun ? requests.explain(found, { request, response }) : requests.relay(found, { request, response }));
  };

  /** Some keys may have it forwarded. */
  #unknown({ method, path, isDryRun }: Asked, unknown: Refusal, { request, response }: Pair): void {
    const operation = isDryRun ? undefined : passthroughOperation(method, path, request.headers);
    if (operation !== undefined) return void this.rooms.requests.passThrough(operation, unknown, { request, response });
    sendRefusal(response, likelyProtocol(path, request.headers), unknown, uuidv7());
  }

  /** All providers list their models at the same path. */
  #models(request: IncomingMessage, response: ServerResponse, { operation, model: name }: FoundOperation): void {
    const protocol = likelyProtocol(pathOf(request), request.headers);
    const requestId = uuidv7();
    const caller = this.rooms.requests.authorise(operation, request);
    if (caller instanceof Refusal) return sendRefusal(response, protocol, caller, requestId);
    const models = callableModels(this.rooms.channels.models(protocol, caller.orgId), caller.policies);
    const model = models.find(({ id }) => id === name);
    if (name !== undefined && model === undefined) {
      return sendRefusal(response, protocol, this.rooms.channels.refusal(protocol, name, caller.orgId), requestId);
    }
    response.setHeader('x-request-id', requestId);
    sendJson(response, model === undefined ? listModels(protocol, models) : describeModel(protocol, model));
  }

  #ready(response: ServerResponse): void {
    const checks = { snapshots: this.rooms.snapshots.isLoaded, journal: this.rooms.journal.hasRoom() };
    const ready = Object.values(checks).every(Boolean);
    sendJson(response, { status: ready ? 'ok' : 'not ready', checks }, ready ? 200 : 503);
  }
}

function pathOf({ url = '' }: IncomingMessage): string {
  const query = url.indexOf('?');
  return query === -1 ? url : url.slice(0, query);
}
