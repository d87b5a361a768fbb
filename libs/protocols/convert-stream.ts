import type { Frame } from '#framing/frame.js';
import { SseParser } from '#framing/sse.js';
import { parseObject } from '#usage/json.js';
import { usageReader, type UsageReader } from '#usage/usage-reader.js';
import type { ChatEvent } from './chat/chat-answer.js';
import type { ChatStreamReader, ChatStreamWriter, WireEvent } from './chat/chat-protocol.js';
import { isTooDeep } from './chat/depth.js';
import { Losses, type Loss } from './chat/losses.js';
import { InvalidBody, Reading } from './chat/members.js';
import { protocols } from './chat/protocols.js';
import { type Conversion, targetOf, TOO_DEEP, usageSource } from './convert.js';

/**
 * Converts a streamed answer while it passes: bytes of server-sent events in, bytes of server-sent events out. What a
 * chunk completes comes out with it, so nothing waits for the end but the usage.
 */
export class StreamConversion {
  readonly #losses = new Losses();
  readonly #reading = new Reading(this.#losses);
  readonly #parser = new SseParser((piece) => this.#convert(piece));
  readonly #usage: UsageReader;
  readonly #reader: ChatStreamReader;
  readonly #writer: ChatStreamWriter;
  #ended = false;
  #out: string[] = [];

  constructor(private readonly conversion: Conversion) {
    this.#usage = usageReader(usageSource(conversion), 'sse');
    this.#reader = protocols[conversion.from].streamReader(this.#reading);
    this.#writer = protocols[conversion.to].streamWriter(targetOf(conversion, this.#losses));
  }

  push(chunk: Uint8Array): Buffer {
    if (this.#isSame()) return Buffer.from(chunk);
    if (!this.#ended) this.#usage.push(chunk);
    this.#parser.push(chunk);
    return this.#taken();
  }

  /** The upstream's bytes are over. A stream that broke off has no end for the client either. */
  end(): Buffer {
    if (this.#isSame()) return Buffer.alloc(0);
    this.#parser.end();
    if (!this.#ended) this.#write(this.#reader.end());
    return this.#taken();
  }

  /** What was left out so far. A stream's headers are gone by then, so nobody but the log can be told. */
  losses(): readonly Loss[] {
    return this.#losses.list();
  }

  #isSame(): boolean {
    return this.conversion.from === this.conversion.to;
  }

  #convert({ type, data }: Frame): void {
    if (data === undefined || this.#ended) return;
    const event = { ...(type !== undefined && { type }), data: parseObject(data) ?? data.toString() };
    this.#write(this.#read(event));
  }

  #read(event: WireEvent): ChatEvent[] {
    try {
      if (isTooDeep(event.data)) throw new InvalidBody('', `an event ${TOO_DEEP}.`);
      const events = this.#reader.read(event);
      this.#reading.close();
      return events;
    } catch (error) {
      if (!(error instanceof InvalidBody)) throw error;
      return [
        { kind: 'error', error: { kind: 'server', message: `The upstream's stream cannot be read: ${error.message}` } },
      ];
    }
  }

  #write(events: readonly ChatEvent[]): void {
    for (const event of events) {
      if (this.#ended) return;
      if (event.kind === 'end') this.#writeOne({ kind: 'usage', usage: this.#usage.end() });
      this.#writeOne(event);
      this.#ended = event.kind === 'end' || event.kind === 'error';
    }
  }

  #writeOne(event: ChatEvent): void {
    for (const { type, data } of this.#writer.write(event)) {
      const text = typeof data === 'string' ? data : JSON.stringify(data);
      this.#out.push(type === undefined ? `data: ${text}\n\n` : `event: ${type}\ndata: ${text}\n\n`);
    }
  }

  #taken(): Buffer {
    const bytes = Buffer.from(this.#out.join(''));
    this.#out = [];
    return bytes;
  }
}
