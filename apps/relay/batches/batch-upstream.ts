import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from 'undici';
import { Refusal } from '#protocols/error-body.js';
import { type JsonObject, parseObject } from '#usage/json.js';
import type { ChannelTable } from '../channels/channel-table.js';
import { prepareRequest } from '../channels/prepare-request.js';
import { accessRefused, refusalWords, refusesAccess, tellRefusal } from '../forward/upstream-failure.js';

/** Beside which of an adapter's APIs its files and batches are. */
export const BATCHES_BESIDE = 'openai-responses';

/** An upload is read by the upstream before it answers. */
export const UPSTREAM_TIMEOUT_MS = 120_000;

/** Far more than any object has that describes a file or a batch. */
const MAX_OBJECT_BYTES = 1024 * 1024;

const NOTHING = Buffer.alloc(0);

/** A call about a file or batch. */
export interface BatchCall {
  readonly requestId: string;
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** Below the version, as `/files/file-1`. */
  readonly path: string;
  readonly headers?: IncomingHttpHeaders;
  readonly body?: Buffer;
}

/** An answer that was read to its end. */
export interface ToldObject {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** Absent where the upstream refused, or told no object. */
  readonly json?: JsonObject;
}

/** What is asked of a channel about its files and batches. */
export class BatchUpstream {
  constructor(
    readonly channels: ChannelTable,
    private readonly upstream: Dispatcher,
    private readonly complain: (sentence: string) => void,
  ) {}

  /** @returns the answer as it begins, or why the channel cannot be asked. */
  async open(channelId: string, call: BatchCall): Promise<Dispatcher.ResponseData | Refusal> {
    const channel = this.channels.channels.find(({ id }) => id === channelId);
    if (channel?.adapter.batches !== true) {
      return new Refusal(
        'unavailable',
        `The channel "${channelId}", where this is, is gone: ask who operates the relay.`,
      );
    }
    const { requestId, method, path, headers = {}, body = NOTHING } = call;
    const asked = { requestId, method, path, headers, body, query: '', model: '', stream: false, api: BATCHES_BESIDE };
    const candidate = { channel, api: BATCHES_BESIDE, upstreamModel: '' } as const;
    const prepared = prepareRequest({ ...asked, api: BATCHES_BESIDE }, candidate, new Date());
    if (prepared instanceof Refusal) {
      return new Refusal('unavailable', `The channel "${channelId}" cannot be called at the moment: try again later.`);
    }
    const answer = await this.upstream.request({
      origin: prepared.origin,
      path: prepared.path,
      method,
      headers: prepared.headers,
      body: prepared.body.length === 0 ? null : prepared.body,
      headersTimeout: UPSTREAM_TIMEOUT_MS,
      bodyTimeout: UPSTREAM_TIMEOUT_MS,
    });
    if (!refusesAccess(answer.statusCode)) return answer;
    const words = refusalWords(await readObject(answer.body));
    this.complain(tellRefusal(channel, answer.statusCode, words));
    return accessRefused(`The channel "${channelId}", where this is,`);
  }

  async ask(channelId: string, call: BatchCall): Promise<ToldObject | Refusal> {
    const answer = await this.open(channelId, call);
    if (answer instanceof Refusal) return answer;
    const { statusCode: status, headers } = answer;
    const body = await readObject(answer.body);
    const json = status < 300 ? parseObject(body) : undefined;
    return { status, headers, body, ...(json !== undefined && { json }) };
  }
}

async function readObject(body: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > MAX_OBJECT_BYTES)
      throw new Error(`An upstream described an object in more than ${MAX_OBJECT_BYTES} bytes.`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
