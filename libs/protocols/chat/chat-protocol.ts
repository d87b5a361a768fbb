import type { JsonObject } from '#usage/json.js';
import type { ChatAnswer, ChatError, ChatEvent } from './chat-answer.js';
import type { ChatRequest, Setting } from './chat-request.js';
import type { Losses } from './losses.js';
import type { Members, Reading } from './members.js';

/** One protocol's two directions. A reader reports what it does not know, a writer what it cannot say; neither drops in silence. */
export interface ChatProtocol {
  /** What this protocol calls each setting: a loss is told by the name that the client used. */
  readonly settingNames: Readonly<Record<Setting, string>>;
  /** @throws InvalidBody */
  readRequest(body: Members): ChatRequest;
  writeRequest(request: ChatRequest, to: Target): JsonObject;
  /** A whole answer that is no error. @throws InvalidBody */
  readAnswer(body: Members): ChatAnswer;
  writeAnswer(answer: ChatAnswer, to: Target): JsonObject;
  /** undefined when the body is no error of this protocol's shape. */
  readError(body: JsonObject): ChatError | undefined;
  writeError(error: ChatError, to: Target): JsonObject;
  streamReader(reading: Reading): ChatStreamReader;
  streamWriter(to: Target): ChatStreamWriter;
}

/** What a writer may not make up by itself, and where it reports what it cannot say. */
export interface Target {
  readonly losses: Losses;
  /** What the source protocol calls each setting. */
  readonly settingNames: Readonly<Record<Setting, string>>;
  /** For an answer that has no id of its own; item ids are derived from it. */
  readonly id: string;
  /** Seconds since 1970, for an answer that does not say when it was made. */
  readonly now: number;
  /** The model to name where the source does not name one. */
  readonly model: string;
  /** For a protocol that needs a limit where the request has none (Anthropic). */
  readonly defaultMaxOutputTokens: number;
  /** OpenAI chat streams tell usage only to who asked for it. */
  readonly includeUsage: boolean;
}

export interface ChatStreamReader {
  /** @throws InvalidBody */
  read(event: WireEvent): ChatEvent[];
  /** The bytes are over: what the protocol leaves unsaid, such as the end of the last part. No `end` after a break. */
  end(): ChatEvent[];
}

export interface ChatStreamWriter {
  write(event: ChatEvent): WireEvent[];
}

/** One server-sent event, as values. Data that is no JSON object is the text itself (`[DONE]`). */
export interface WireEvent {
  readonly type?: string;
  readonly data: JsonObject | string;
}
