import { uuidv7 } from 'uuidv7';
import { batchEntryName, type DueBatch, type KeptBatch, type KeptFile } from '#contracts/batch.js';
import { IDENTIFIER } from '#contracts/streams.js';
import { Refusal } from '#protocols/error-body.js';
import { asObject, type JsonObject, parseObject } from '#usage/json.js';
import { type Cost, estimateBatch } from '../admit/estimate-cost.js';
import { findOperation } from '../operations/find-operation.js';
import type { Operation } from '../operations/operations.js';
import { permitCall } from '../policy/permit-call.js';
import { refuseTwoReadings } from '../receive/one-reading.js';
import { readBody } from '../receive/read-body.js';
import { type BatchExchange, type BatchRooms, pageOf, passOn, sendPage } from './batch-exchange.js';
import type { BatchLease } from './batch-money.js';
import { UPSTREAM_TIMEOUT_MS } from './batch-upstream.js';
import { unknownFile } from './file-requests.js';
import { keepOutputFiles } from './keep-output-files.js';

/** A project's batches. All that one may cost is held before it is made; what it costs is found out when it has ended. */
export class BatchRequests {
  constructor(private readonly rooms: BatchRooms) {}

  async create(exchange: BatchExchange): Promise<Refusal | undefined> {
    const body = await readBody(exchange.request, this.rooms.bodies);
    if (body === undefined || body instanceof Refusal) return body;
    const json = parseObject(body);
    if (json === undefined) return new Refusal('invalid_request', 'The request body is not a JSON object.');
    const unclear = refuseTwoReadings(body, json);
    if (unclear !== undefined) return unclear;
    // By its time all relays look after the batch.
    await this.rooms.clock.measure();
    const read = await this.#read(json, exchange);
    if (read instanceof Refusal) return read;
    const { cost, ...batch } = read;
    // Before it is due: whoever dies in between leaves a lease that expires.
    const lease = await this.rooms.money.hold(exchange.caller, cost);
    if (lease instanceof Refusal) return lease;
    const asked = { ...batch, leaseId: lease.id, lease };
    const name = batchEntryName('due', exchange.caller, uuidv7());
    const notBeforeMs = this.rooms.clock.nowMs() + 2 * UPSTREAM_TIMEOUT_MS;
    await this.rooms.store.putDue(name, { ...asked, notBeforeMs, failures: 0 });
    return this.#send({ name, asked, body }, exchange);
  }

  async #send(
    { name, asked, body }: { readonly name: string; readonly asked: AskedBatch; readonly body: Buffer },
    exchange: BatchExchange,
  ): Promise<Refusal | undefined> {
    const { store, upstream } = this.rooms;
    const { headers } = exchange.request;
    const call = { requestId: exchange.requestId, method: 'POST', path: '/batches', headers, body } as const;
    const told = await upstream.ask(asked.channelId, call);
    if (told instanceof Refusal) {
      await this.#neverMade(name, asked);
      return told;
    }
    const batchId = told.json?.['id'];
    if (typeof batchId === 'string' && IDENTIFIER.test(batchId)) {
      const { inputFileId: _, lease: __, ...batch } = asked;
      // In this order: whoever dies in between leaves it due.
      await store.putDue(name, { ...asked, batchId, notBeforeMs: 0, failures: 0 });
      await store.keepBatch(batchId, { ...batch, isMetered: false });
    } else if (told.status >= 400 && told.status < 500) await this.#neverMade(name, asked);
    // Otherwise nobody knows whether there is a batch: what is due stays, and the upstream is asked later.
    passOn(exchange, told);
    return undefined;
  }

  /** What is due ends first: nobody renews what is given back. */
  async #neverMade(name: string, asked: AskedBatch): Promise<void> {
    const { store, money } = this.rooms;
    await store.removeDue(name);
    await money.settle(asked, asked.lease, 0n);
  }

  async list(exchange: BatchExchange): Promise<undefined> {
    const { page, hasMore } = pageOf(await this.rooms.store.batches(exchange.caller), exchange.request);
    const data = await Promise.all(
      page.map(async ([id, batch]) => {
        const call = { requestId: exchange.requestId, method: 'GET', path: `/batches/${id}` } as const;
        const told = await this.rooms.upstream.ask(batch.channelId, call);
        if (told instanceof Refusal || told.json === undefined) return undefined;
        await keepOutputFiles(this.rooms.store, id, { batch, told: told.json });
        return told.json;
      }),
    );
    sendPage(exchange, { data: data.filter((batch) => batch !== undefined), hasMore });
    return undefined;
  }

  get(exchange: BatchExchange): Promise<Refusal | undefined> {
    return this.#ask(exchange, { method: 'GET', action: '' });
  }

  cancel(exchange: BatchExchange): Promise<Refusal | undefined> {
    return this.#ask(exchange, { method: 'POST', action: '/cancel' });
  }

  async #ask(
    exchange: BatchExchange,
    { method, action }: { readonly method: 'GET' | 'POST'; readonly action: string },
  ): Promise<Refusal | undefined> {
    const { id, caller, requestId } = exchange;
    const { store, upstream } = this.rooms;
    const batch = await store.batch(caller, id);
    if (batch === undefined) {
      const why = `There is no batch "${id}" in this project: GET /v1/batches lists those that are.`;
      return new Refusal('not_found', why);
    }
    const told = await upstream.ask(batch.channelId, { requestId, method, path: `/batches/${id}${action}` });
    if (told instanceof Refusal) return told;
    // The client asks for its output next.
    if (told.json !== undefined) await keepOutputFiles(store, id, { batch, told: told.json });
    passOn(exchange, told);
    return undefined;
  }

  /** Whether the batch may be made, now and by this key: the file may be another's of its project, and older. */
  async #read(json: JsonObject, exchange: BatchExchange): Promise<ReadBatch | Refusal> {
    const { caller } = exchange;
    const { input_file_id: fileId, endpoint } = json;
    const isId = typeof fileId === 'string' && IDENTIFIER.test(fileId);
    const file = isId ? await this.rooms.store.file(caller, fileId) : undefined;
    if (!isId || file?.input === undefined) {
      return isId ? unknownFile(fileId) : new Refusal('invalid_request', 'The request names no file.', 'input_file_id');
    }
    const found = typeof endpoint === 'string' ? findOperation('POST', endpoint) : undefined;
    if (found === undefined || found instanceof Refusal || found.operation.name !== file.input.operation) {
      const why = `The endpoint is not that of the file's lines, which is ${file.input.operation}: set the same one.`;
      return new Refusal('invalid_request', why, 'endpoint');
    }
    const refusal = this.#refusePolicy({ file, operation: found.operation, json }, exchange);
    if (refusal !== undefined) return refusal;
    const cost = this.#costOf(file, found.operation);
    if (cost === undefined) return NOT_COUNTED;
    const { version: priceVersion } = this.rooms.prices;
    if (priceVersion === undefined) return NOT_LOADED;
    const { keyId, orgId, teamId, projectId } = caller;
    const { operation, model } = file.input;
    return {
      ...{
        keyId,
        orgId,
        teamId,
        projectId,
        channelId: file.channelId,
        createdAt: new Date(this.rooms.clock.nowMs()).toISOString(),
      },
      ...{ operation, model, priceVersion, inputFileId: fileId, cost },
    };
  }

  #refusePolicy(
    { file, operation, json }: { readonly file: KeptFile; readonly operation: Operation; readonly json: JsonObject },
    { request, caller }: BatchExchange,
  ): Refusal | undefined {
    const isOwnFile = file.keyId === caller.keyId;
    const policies = caller.policies.map((rules) => ({
      ...rules,
      // The lines were judged for the key that sent the file, and how much each asks for is not known any more.
      maxOutputTokens: isOwnFile ? undefined : rules.maxOutputTokens,
      aliases: new Map<string, string>(),
    }));
    const asked = { operation, model: file.input?.model, json: { metadata: asObject(json['metadata']) } };
    const permitted = permitCall(asked, request, { ...caller, policies }, this.rooms.trustedProxies);
    if (permitted instanceof Refusal) return permitted;
    const { channels } = this.rooms.upstream.channels;
    const region = channels.find(({ id }) => id === file.channelId)?.region;
    if (permitted.regions === undefined || (region !== undefined && permitted.regions.has(region))) return undefined;
    return new Refusal('forbidden', 'The file is in a region that a policy does not permit: send it again.');
  }

  /** At the prices of today: the file may be older. @returns undefined for one whose lines nobody has counted. */
  #costOf({ channelId, input }: KeptFile, { usageApi: api, free }: Operation): Cost | undefined {
    if (input?.tokens === undefined) return undefined;
    const { model, tokens } = input;
    const channel = this.rooms.upstream.channels.channels.find(({ id }) => id === channelId);
    const upstreamModel = channel?.models.get(model) ?? model;
    // What is free has no price, and needs a lease all the same.
    const counted = free === true ? { ...tokens, lines: 1 } : tokens;
    return estimateBatch(
      counted,
      { provider: channel?.provider ?? '', model, upstreamModel, api },
      this.rooms.prices.book,
    );
  }
}

type ReadBatch = Omit<KeptBatch, 'isMetered' | 'leaseId'> & Pick<DueBatch, 'inputFileId'> & { readonly cost: Cost };

type AskedBatch = Omit<ReadBatch, 'cost'> & { readonly leaseId: string; readonly lease: BatchLease };

const NOT_LOADED = new Refusal('unavailable', 'The relay has not loaded its prices yet: try again in a moment.');
const NOT_COUNTED = new Refusal(
  'invalid_request',
  'The file was sent before it was counted what a batch may cost: send it again.',
  'input_file_id',
);
