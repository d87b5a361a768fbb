import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http';
import { isUsageChunk } from '#usage/openai-chat.js';
import { SseUsageReader } from '#usage/sse-usage-reader.js';
import type { UsageFormat } from '#usage/usage-api.js';
import { MAX_ANSWER_BYTES, usageReader, type UsageReader } from '#usage/usage-reader.js';
import { UsageRecord, type UsageSource } from '#usage/usage-record.js';
import type { Usage } from '#usage/usage.js';
import {
  convertedStream,
  convertWhole,
  lossHeaders,
  type WayBack,
  type WholeAnswer,
} from '../convert/convert-answer.js';
import { contentCoding, decodedUsage } from './decoded-usage.js';
import { clientHeaders } from './forwarded-headers.js';

interface Head {
  readonly status: number;
  readonly headers: OutgoingHttpHeaders;
}

interface PassedEnd {
  readonly usage: Usage;
  readonly rest: Buffer | undefined;
  /** Where a converted stream has lost something that its client cannot be told of. */
  readonly lost?: readonly string[];
}

/** How the bytes of one answer become the client's, and its usage. */
export interface Passing {
  /** @returns undefined while it is not known. */
  head(): Head | undefined;
  /** @returns what the client gets now. */
  push(chunk: Buffer): Buffer | undefined;
  /** The answer is over, or broke off. Called once. */
  end(): PassedEnd;
}

export interface PassingOptions {
  readonly source: UsageSource;
  readonly requestId: string;
  /** We asked the OpenAI stream for its usage chunk, and the client did not. */
  readonly hideUsage: boolean;
  /** The client speaks another protocol than the upstream. */
  readonly wayBack?: WayBack | undefined;
}

/** An upstream's answer, as far as its head tells. */
interface Arrival {
  readonly httpStatus: number;
  readonly headers: IncomingHttpHeaders;
  /** Absent for what tells no usage, such as speech. */
  readonly format: UsageFormat | undefined;
}

export function passingOf(arrival: Arrival, options: PassingOptions): Passing {
  const { httpStatus, headers, format } = arrival;
  const { source, wayBack, hideUsage, requestId } = options;
  if (wayBack !== undefined) {
    return format === 'sse'
      ? passConvertedStream(arrival, options, wayBack)
      : passConvertedWhole(arrival, options, wayBack);
  }
  const hides = hideUsage && format === 'sse' && contentCoding(headers['content-encoding']) === 'identity';
  // With a length of its own a stream would end for the client by its last byte, before it is settled.
  const head = { status: httpStatus, headers: clientHeaders(headers, requestId, !isStream(format)) };
  return hides ? passWithoutUsage(source, head) : passUntouched(arrival, source, head);
}

export function isStream(format: UsageFormat | undefined): boolean {
  return format !== undefined && format !== 'json';
}

const formats: readonly (readonly [RegExp, UsageFormat | undefined])[] = [
  [/^text\/event-stream/i, 'sse'],
  [/^application\/vnd\.amazon\.eventstream/i, 'eventstream'],
  [/^application\/(?:x-ndjson|jsonl|stream\+json)/i, 'lines'],
  [/^(?:audio|image|video)\/|^application\/octet-stream/i, undefined],
];

export function formatOf(contentType = ''): UsageFormat | undefined {
  if (contentType === 'application/json') return 'json';
  const known = formats.find(([type]) => type.test(contentType));
  return known === undefined ? 'json' : known[1];
}

function usageOf({ headers, format }: Arrival, source: UsageSource): UsageReader {
  if (format !== undefined)
    return decodedUsage(usageReader(source, format), contentCoding(headers['content-encoding']));
  return { push: () => undefined, end: () => new UsageRecord(source).finish() };
}

function passUntouched(arrival: Arrival, source: UsageSource, head: Head): Passing {
  const reader = usageOf(arrival, source);
  // The end of a body with a known length shows in its last bytes, so one chunk of it is always kept back.
  const keepsBack = !isStream(arrival.format) && arrival.headers['content-length'] !== undefined;
  let held: Buffer | undefined;
  return {
    head: () => head,
    push(chunk) {
      reader.push(chunk);
      if (!keepsBack) return chunk;
      const next = held;
      held = chunk;
      return next;
    },
    end: () => ({ usage: reader.end(), rest: held }),
  };
}

function passWithoutUsage(source: UsageSource, head: Head): Passing {
  let pieces: Buffer[] = [];
  const reader = new SseUsageReader(new UsageRecord(source), (frame) => {
    if (!isUsageChunk(frame)) pieces.push(frame.raw);
  });
  const taken = () => {
    const bytes = pieces.length <= 1 ? pieces[0] : Buffer.concat(pieces);
    pieces = [];
    return bytes;
  };
  return {
    head: () => head,
    push(chunk) {
      reader.push(chunk);
      return taken();
    },
    end: () => ({ usage: reader.end(), rest: taken() }),
  };
}

/** Usage is read from the upstream's own bytes, whatever the client gets. */
function passConvertedStream(arrival: Arrival, options: PassingOptions, wayBack: WayBack): Passing {
  const reader = usageOf(arrival, options.source);
  const answer = convertedStream(wayBack);
  const told = { ...lossHeaders(wayBack.losses), 'content-type': 'text/event-stream; charset=utf-8' };
  const head = { status: arrival.httpStatus, headers: { ...headersOf(arrival, options), ...told } };
  return {
    head: () => head,
    push(chunk) {
      reader.push(chunk);
      const bytes = answer.push(chunk);
      return bytes.length === 0 ? undefined : bytes;
    },
    end: () => ({ usage: reader.end(), rest: answer.end(), lost: answer.lost() }),
  };
}

function passConvertedWhole(arrival: Arrival, options: PassingOptions, wayBack: WayBack): Passing {
  const reader = usageOf(arrival, options.source);
  const chunks: Buffer[] = [];
  let bytes = 0;
  let whole: WholeAnswer | undefined;
  return {
    head: () =>
      whole && {
        status: whole.status,
        headers: {
          ...headersOf(arrival, options),
          ...whole.headers,
          'content-type': 'application/json',
          'content-length': whole.body.length,
        },
      },
    push(chunk) {
      reader.push(chunk);
      bytes += chunk.length;
      // What is cut is no answer any more, and the client is told so.
      if (bytes <= MAX_ANSWER_BYTES) chunks.push(chunk);
      return undefined;
    },
    end() {
      whole = convertWhole(chunks, arrival.httpStatus, wayBack);
      return { usage: reader.end(), rest: whole.body };
    },
  };
}

/** What the upstream says of its answer, without what it says of its bytes. */
function headersOf({ headers }: Arrival, { requestId }: PassingOptions): OutgoingHttpHeaders {
  const { 'content-encoding': _coding, 'content-type': _type, ...others } = headers;
  return clientHeaders(others, requestId, false);
}
