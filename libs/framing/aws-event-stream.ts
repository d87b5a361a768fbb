import { crc32 } from 'node:zlib';
import { EventStreamCodec, type Message } from '@smithy/eventstream-codec';
import { Carry } from './carry.js';
import { type Frame, type FrameParser, MAX_EVENT_BYTES, type OnFrame } from './frame.js';

/** The length of the message, that of its headers, and a checksum of the two. */
const PRELUDE_BYTES = 12;
/** A checksum of the whole message is behind it. */
const LEAST_MESSAGE_BYTES = PRELUDE_BYTES + 4;

const codec = new EventStreamCodec(
  (bytes) => (typeof bytes === 'string' ? bytes : Buffer.from(bytes).toString('utf8')),
  (text) => Buffer.from(text, 'utf8'),
);

/**
 * AWS's binary event stream: messages with a length before and checksums around them. Behind a message that is not
 * whole nothing is read any more: where the next one begins is not known.
 * https://smithy.io/2.0/aws/amazon-eventstream.html
 */
export class AwsEventStreamParser implements FrameParser {
  readonly #carry = new Carry();
  #isLost = false;

  constructor(
    private readonly onFrame: OnFrame,
    private readonly maxMessageBytes = MAX_EVENT_BYTES,
  ) {}

  push(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    const bytes = this.#carry.with(chunk);
    let start = 0;
    while (!this.#isLost && bytes.length - start >= PRELUDE_BYTES) {
      const length = bytes.readUInt32BE(start);
      // Checked before the rest: a length that is wrong would have us wait for bytes that do not come.
      const isPrelude = crc32(bytes.subarray(start, start + 8)) === bytes.readUInt32BE(start + 8);
      if (!isPrelude || length < LEAST_MESSAGE_BYTES || length > this.maxMessageBytes) {
        this.#lose(
          bytes.subarray(start),
          'A message of the event stream has no beginning, or is longer than can be read.',
        );
        start = bytes.length;
      } else if (bytes.length - start < length) {
        break;
      } else {
        this.#readMessage(bytes.subarray(start, start + length));
        start += length;
      }
    }
    if (this.#isLost && start < bytes.length) {
      this.onFrame({ raw: bytes.subarray(start) });
      start = bytes.length;
    }
    this.#carry.keep(bytes, start);
  }

  end(): void {
    const raw = this.#carry.take();
    if (raw.length > 0) this.onFrame({ raw });
  }

  #readMessage(raw: Buffer): void {
    const message = decode(raw);
    if (message === undefined) this.#lose(raw, 'A message of the event stream fails a checksum or has broken headers.');
    else this.onFrame(frameOf(raw, message));
  }

  #lose(raw: Buffer, flaw: string): void {
    this.#isLost = true;
    this.onFrame({ raw, flaw });
  }
}

function decode(raw: Buffer): Message | undefined {
  try {
    return codec.decode(raw);
  } catch {
    // The codec has no other errors than those of the message's own, and throws them as plain ones.
    return undefined;
  }
}

function frameOf(raw: Buffer, { headers, body }: Message): Frame {
  const header = (name: string): string | undefined => {
    const value = headers[name]?.value;
    return typeof value === 'string' ? value : undefined;
  };
  const payload = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  if (header(':message-type') === 'error') return { raw, data: payload, error: header(':error-code') ?? 'error' };
  const exception = header(':exception-type');
  if (exception !== undefined) return { raw, type: exception, data: payload, error: exception };
  const type = header(':event-type');
  return { raw, ...(type !== undefined && { type }), data: type === 'chunk' ? unwrapped(payload) : payload };
}

/**
 * InvokeModelWithResponseStream wraps the events of the model's own protocol. A payload without them stays as it is.
 * https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_PayloadPart.html
 */
function unwrapped(payload: Buffer): Buffer {
  try {
    const part: unknown = JSON.parse(payload.toString('utf8'));
    const bytes = typeof part === 'object' && part !== null && 'bytes' in part ? part.bytes : undefined;
    return typeof bytes === 'string' ? Buffer.from(bytes, 'base64') : payload;
  } catch (error) {
    if (error instanceof SyntaxError) return payload;
    throw error;
  }
}
