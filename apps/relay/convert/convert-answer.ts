import { GzipStage } from '#framing/gzip.js';
import { droppedHeader, DROPPED_HEADER } from '#protocols/dropped-header.js';
import type { Loss } from '#protocols/chat/losses.js';
import { type Conversion, convertAnswer } from '#protocols/convert.js';
import { StreamConversion } from '#protocols/convert-stream.js';
import { errorBody, Refusal, refusalStatus } from '#protocols/error-body.js';
import { MAX_ANSWER_BYTES } from '#usage/usage-reader.js';

/** An answer on its way into the client's protocol. An upstream that compresses unasked is understood where it is gzip. */
interface ConvertedAnswer {
  /** @returns what the client gets of it now. */
  push(chunk: Uint8Array): Buffer;
  /** The upstream's bytes are over. @returns the rest. */
  end(): Buffer;
  /** Where it was that something was left out without which the answer is another. Its head had gone by then. */
  lost(): readonly string[];
}

/** What a conversion has to know of the way there. */
export interface WayBack {
  readonly back: Conversion;
  /** Of the request. */
  readonly losses: readonly Loss[];
}

export function convertedStream({ back }: WayBack): ConvertedAnswer {
  const conversion = new StreamConversion(back);
  let pieces: Buffer[] = [];
  const inflated = new GzipStage({
    onBytes: (bytes) => pieces.push(conversion.push(bytes)),
    // What came until then was converted, and a stream without its end shows the client that it broke off.
    onFlaw: () => undefined,
  });
  const taken = () => {
    const bytes = Buffer.concat(pieces);
    pieces = [];
    return bytes;
  };
  return {
    push(chunk) {
      inflated.push(chunk);
      return taken();
    },
    end() {
      inflated.end();
      pieces.push(conversion.end());
      return taken();
    },
    lost: () => conversion.losses().flatMap(({ at, weight }) => (weight === 'meaning' ? [at] : [])),
  };
}

export interface WholeAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** @param httpStatus of the upstream, which stays where it tells of an error. */
export function convertWhole(
  chunks: readonly Uint8Array[],
  httpStatus: number,
  { back, losses }: WayBack,
): WholeAnswer {
  const converted = convertAnswer(inflate(chunks), back);
  const [body, status, lost] =
    converted instanceof Refusal
      ? [errorBody(back.to, converted, back.id), refusalStatus(converted), losses]
      : [converted.body, converted.status, [...losses, ...converted.losses]];
  return {
    status: httpStatus >= 400 ? httpStatus : status,
    headers: lossHeaders(lost),
    body: Buffer.from(JSON.stringify(body)),
  };
}

export function lossHeaders(losses: readonly Loss[]): Record<string, string> {
  const dropped = droppedHeader(losses);
  return dropped === undefined ? {} : { [DROPPED_HEADER]: dropped };
}

function inflate(chunks: readonly Uint8Array[]): Buffer {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  const stage = new GzipStage({
    onBytes(piece) {
      bytes += piece.length;
      // A small compressed body may be gigabytes. What is cut is no JSON any more.
      if (bytes <= MAX_ANSWER_BYTES) pieces.push(piece);
    },
    onFlaw: () => undefined,
  });
  for (const chunk of chunks) stage.push(chunk);
  stage.end();
  return Buffer.concat(pieces);
}
