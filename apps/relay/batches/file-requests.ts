import { pipeline } from 'node:stream/promises';
import { IDENTIFIER } from '#contracts/streams.js';
import { Refusal } from '#protocols/error-body.js';
import type { Caller } from '../authenticate/key-directory.js';
import { mayUse } from '../channels/channel.js';
import type { Candidate } from '../channels/channel-table.js';
import { clientHeaders } from '../forward/forwarded-headers.js';
import { permitCall } from '../policy/permit-call.js';
import { fileField, formFields, withField } from '../receive/form-fields.js';
import { readBody } from '../receive/read-body.js';
import { sharedChannel } from '../receive/stored-member.js';
import { type BatchExchange, type BatchRooms, pageOf, passOn, sendPage } from './batch-exchange.js';
import type { ToldObject } from './batch-upstream.js';
import { type BatchInput, checkBatchFile, renameInLines } from './check-batch-file.js';

const FORM_TYPE = /^multipart\/form-data\s*;/i;

/** A project's files at the upstreams: the input, output and errors of its batches. */
export class FileRequests {
  constructor(private readonly rooms: BatchRooms) {}

  async create(exchange: BatchExchange): Promise<Refusal | undefined> {
    const { request, caller, requestId } = exchange;
    const { headers } = request;
    const type = headers['content-type'] ?? '';
    if (!FORM_TYPE.test(type) || (headers['content-encoding'] ?? 'identity') !== 'identity') {
      return new Refusal(
        'unsupported_media_type',
        'The file does not come in a form: send multipart/form-data as it is.',
      );
    }
    const body = await readBody(request, this.rooms.bodies);
    if (body === undefined || body instanceof Refusal) return body;
    const read = await this.#read(body, exchange);
    if (read instanceof Refusal) return read;
    const { file, input, channel, upstreamModel } = read;
    const isNamedSo = input.names.size === 1 && input.names.has(upstreamModel);
    const sent = isNamedSo ? body : withField(body, type, { name: 'file', value: renameInLines(file, upstreamModel) });
    const told = await this.rooms.upstream.ask(channel.id, {
      ...{ requestId, method: 'POST', path: '/files' },
      ...{ headers, body: sent },
    });
    if (told instanceof Refusal) return told;
    const id = told.json?.['id'];
    if (typeof id !== 'string') return this.#passRefusal(exchange, told);
    if (!IDENTIFIER.test(id)) return NO_ID;
    const { keyId, orgId, teamId, projectId } = caller;
    await this.rooms.store.keepFile(id, {
      ...{ keyId, orgId, teamId, projectId, channelId: channel.id, createdAt: new Date().toISOString() },
      input: { operation: input.operation.name, model: input.model, bytes: file.length, tokens: input.tokens },
    });
    passOn(exchange, told);
    return undefined;
  }

  async list(exchange: BatchExchange): Promise<undefined> {
    const { page, hasMore } = pageOf(await this.rooms.store.files(exchange.caller), exchange.request);
    const data = await Promise.all(
      page.map(async ([id, { channelId }]) => {
        const call = { requestId: exchange.requestId, method: 'GET', path: `/files/${id}` } as const;
        const told = await this.rooms.upstream.ask(channelId, call);
        return told instanceof Refusal ? undefined : told.json;
      }),
    );
    sendPage(exchange, { data: data.filter((file) => file !== undefined), hasMore });
    return undefined;
  }

  async get(exchange: BatchExchange): Promise<Refusal | undefined> {
    const { id, caller, requestId } = exchange;
    const file = await this.rooms.store.file(caller, id);
    if (file === undefined) return unknownFile(id);
    const told = await this.rooms.upstream.ask(file.channelId, { requestId, method: 'GET', path: `/files/${id}` });
    if (told instanceof Refusal) return told;
    passOn(exchange, told);
    return undefined;
  }

  /** As it comes: an output has no size that we would know. */
  async content(exchange: BatchExchange): Promise<Refusal | undefined> {
    const { id, caller, requestId, response } = exchange;
    const file = await this.rooms.store.file(caller, id);
    if (file === undefined) return unknownFile(id);
    const call = { requestId, method: 'GET', path: `/files/${id}/content` } as const;
    const answer = await this.rooms.upstream.open(file.channelId, call);
    if (answer instanceof Refusal) return answer;
    response.writeHead(answer.statusCode, clientHeaders(answer.headers, requestId, true));
    await pipeline(answer.body, response);
    return undefined;
  }

  /** What was not counted yet stays: it is what the batch costs. */
  async remove(exchange: BatchExchange): Promise<Refusal | undefined> {
    const { id, caller, requestId } = exchange;
    const { store, upstream } = this.rooms;
    const file = await store.file(caller, id);
    if (file === undefined) return unknownFile(id);
    const batch = file.batchId === undefined ? undefined : await store.batch(caller, file.batchId);
    if (batch?.isMetered === false) {
      const why = `The file "${id}" is the output of a batch that is not metered yet: delete it in a minute.`;
      return new Refusal('unavailable', why);
    }
    const told = await upstream.ask(file.channelId, { requestId, method: 'DELETE', path: `/files/${id}` });
    if (told instanceof Refusal) return told;
    if (told.status < 300 || told.status === 404) await store.forgetFile(caller, id);
    passOn(exchange, told);
    return undefined;
  }

  async #read(body: Buffer, exchange: BatchExchange): Promise<ReadFile | Refusal> {
    const { request, caller } = exchange;
    const type = request.headers['content-type'] ?? '';
    const fields = formFields(body, type, ['purpose']);
    if (fields instanceof Refusal) return fields;
    if (fields.purpose !== 'batch') {
      return new Refusal('invalid_request', 'The relay takes files for batches: set purpose to "batch".', 'purpose');
    }
    const file = fileField(body, type, 'file');
    if (file instanceof Refusal) return file;
    const { trustedProxies } = this.rooms;
    const input = await checkBatchFile(file, (line) => permitCall(line, request, caller, trustedProxies));
    if (input instanceof Refusal) return input;
    const found = this.#channelFor(input, caller);
    return found instanceof Refusal ? found : { file, input, ...found };
  }

  /** One with batches, of the highest priority: the file has to be where its batch will be. */
  #channelFor({ operation, model, regions, stored }: BatchInput, { orgId }: Caller): FoundChannel | Refusal {
    const { channels } = this.rooms.upstream;
    const all = channels.candidates(operation.api, model, false);
    const candidates = all.filter(({ channel }) => mayUse(channel, orgId));
    if (candidates.length === 0) return channels.refusal(operation.api, model, orgId);
    const permitted = candidates.filter(({ channel: { adapter, region } }) => {
      return adapter.batches === true && (regions === undefined || (region !== undefined && regions.has(region)));
    });
    if (stored !== undefined && permitted.length > 0 && permitted.every(isShared)) return sharedChannel(stored);
    const [best] = permitted
      .filter((candidate) => stored === undefined || !isShared(candidate))
      .sort((a, b) => b.channel.priority - a.channel.priority);
    return (
      best ??
      new Refusal(
        'invalid_request',
        `No channel of the model "${model}" has batches that may be used: call it request by request.`,
        'file',
      )
    );
  }

  #passRefusal(exchange: BatchExchange, told: ToldObject): Refusal | undefined {
    if (told.status < 300) return NO_ID;
    passOn(exchange, told);
    return undefined;
  }
}

type FoundChannel = Pick<Candidate, 'channel' | 'upstreamModel'>;

interface ReadFile extends FoundChannel {
  readonly file: Buffer;
  readonly input: BatchInput;
}

const isShared = ({ channel }: FoundChannel): boolean => channel.organisation === undefined;

const NO_ID = new Refusal('upstream_unreachable', 'The upstream took the file and told no id of it: try again.');

/** Also for a file of others. */
export function unknownFile(id: string): Refusal {
  return new Refusal('not_found', `There is no file "${id}" in this project: GET /v1/files lists those that are.`);
}
