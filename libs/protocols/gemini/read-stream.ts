import { asObject, objectsIn, type JsonObject } from '#usage/json.js';
import type { ChatEvent } from '../chat/chat-answer.js';
import type { ChatStreamReader, WireEvent } from '../chat/chat-protocol.js';
import { InvalidBody, type Members, type Reading } from '../chat/members.js';
import { listOf } from './list-of.js';
import type { CallIds } from './call-ids.js';
import { readError } from './error.js';
import { answerCallIds, isBlocked, readHead } from './read-answer.js';
import { StreamedChoice } from './read-streamed-choice.js';

/** https://ai.google.dev/api/generate-content#method:-models.streamgeneratecontent: each chunk is an answer of its own shape. */
export class GeminiStreamReader implements ChatStreamReader {
  readonly #choices = new Map<number, StreamedChoice>();
  #calls: CallIds | undefined;
  #isBlocked = false;
  #hasFailed = false;

  constructor(private readonly reading: Reading) {}

  read({ data }: WireEvent): ChatEvent[] {
    const chunk = typeof data === 'string' ? parseChunk(data) : data;
    if (chunk === undefined) return [];
    const error = readError(chunk);
    if (error !== undefined) {
      this.#hasFailed = true;
      return [{ kind: 'error', error }];
    }
    const body = this.reading.open(chunk);
    const { id, model, createdAt } = readHead(body);
    const events: ChatEvent[] = [];
    if (this.#calls === undefined) {
      this.#calls = answerCallIds(id);
      events.push({
        kind: 'start',
        ...(id !== undefined && { id }),
        ...(model !== undefined && { model }),
        ...(createdAt !== undefined && { createdAt }),
      });
    }
    const calls = this.#calls;
    const said = listOf(body, 'candidates').flatMap((candidate) => this.#choice(candidate, calls).read(candidate));
    if (isBlocked(body)) this.#isBlocked = true;
    return [...events, ...said];
  }

  /** Nothing but the end of the bytes ends this protocol's streams: it is in good order if every candidate told why it ends. */
  end(): ChatEvent[] {
    const choices = [...this.#choices.values()];
    if (this.#hasFailed) return [];
    if (choices.length === 0 && this.#isBlocked) {
      return [{ kind: 'stop', choice: 0, stop: { reason: 'content-filter' } }, { kind: 'end' }];
    }
    if (choices.length === 0 || !choices.every(({ isFinished }) => isFinished)) return [];
    return [...choices.flatMap((choice) => choice.finish(this.reading.losses)), { kind: 'end' }];
  }

  #choice(candidate: Members, calls: CallIds): StreamedChoice {
    const index = candidate.integer('index') ?? 0;
    const known = this.#choices.get(index) ?? new StreamedChoice(index, calls);
    this.#choices.set(index, known);
    return known;
  }
}

/** An error can come as a list of one. A word such as [DONE] is some proxy's. @throws InvalidBody */
function parseChunk(text: string): JsonObject | undefined {
  if (text.trim() === '' || text.trim() === '[DONE]') return undefined;
  try {
    const parsed: unknown = JSON.parse(text);
    const chunk = asObject(parsed) ?? objectsIn(parsed)[0];
    if (chunk !== undefined) return chunk;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw new InvalidBody('', 'A chunk of the stream is no JSON object.');
}
