import type { JsonObject } from '#usage/json.js';
import type { ChatEvent } from '../chat/chat-answer.js';
import type { ChatStreamReader, WireEvent } from '../chat/chat-protocol.js';
import type { Citation } from '../chat/chat-request.js';
import type { Members, Reading } from '../chat/members.js';
import { ChoiceReader } from './choice-reader.js';
import { readSources } from './citations.js';
import { readError } from '../openai/error.js';
import { derivedCallIds } from './read-answer.js';
import { ignoreService } from './service-members.js';

/** Reads the chunks of a streamed answer, up to `[DONE]`. */
export class StreamReader implements ChatStreamReader {
  readonly #choices = new Map<number, ChoiceReader>();
  #id: string | undefined;
  #isStarted = false;
  #isOver = false;
  #sources: readonly Citation[] = [];

  constructor(private readonly reading: Reading) {}

  read({ data }: WireEvent): ChatEvent[] {
    if (this.#isOver) return [];
    if (typeof data !== 'string') return this.#readChunk(data);
    if (data.trim() === '[DONE]') return this.#finish();
    this.reading.losses.add('', 'an event of the stream is no JSON object');
    return [];
  }

  /** Some servers never send `[DONE]`: then a stream of which every choice is finished has not broken off. */
  end(): ChatEvent[] {
    if (this.#isOver) return [];
    const choices = [...this.#choices.values()];
    if (choices.length > 0 && choices.every((choice) => choice.isFinished)) return this.#finish();
    this.#isOver = true;
    return choices.flatMap((choice) => choice.close());
  }

  #readChunk(data: JsonObject): ChatEvent[] {
    const error = readError(data);
    if (error !== undefined) {
      this.#isOver = true;
      return [{ kind: 'error', error }];
    }
    const chunk = this.reading.open(data);
    ignoreService(chunk);
    // libs/usage reads it.
    chunk.ignore('service_tier');
    const sources = readSources(chunk);
    if (sources.length > 0) this.#sources = sources;
    const choices = chunk.objects('choices');
    // Azure begins with a chunk that has neither id nor choices.
    const start = this.#isStarted || choices.length === 0 ? [] : [this.#start(chunk)];
    chunk.ignore('id', 'model', 'created');
    return [...start, ...choices.flatMap((choice, position) => this.#readChoice(choice, position))];
  }

  #start(chunk: Members): ChatEvent {
    this.#isStarted = true;
    this.#id = chunk.string('id') || undefined;
    const model = chunk.string('model') || undefined;
    const createdAt = chunk.number('created') || undefined;
    return {
      kind: 'start',
      ...(this.#id !== undefined && { id: this.#id }),
      ...(model !== undefined && { model }),
      ...(createdAt !== undefined && { createdAt }),
    };
  }

  #readChoice(choice: Members, position: number): ChatEvent[] {
    const index = choice.integer('index') ?? position;
    let reader = this.#choices.get(index);
    if (reader === undefined) {
      reader = new ChoiceReader(index, derivedCallIds(this.#id), this.reading.losses);
      this.#choices.set(index, reader);
    }
    return reader.read(choice);
  }

  #finish(): ChatEvent[] {
    this.#isOver = true;
    const choices = [...this.#choices.values()];
    const ends = choices.flatMap((choice) => choice.finish(this.#sources));
    return [...ends, ...choices.map((choice) => choice.stop()), { kind: 'end' }];
  }
}
