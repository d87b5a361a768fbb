import { defined } from '../chat/defined.js';
import type { ChatEvent, OpenedPart, PartDelta } from '../chat/chat-answer.js';
import type { Citation, ImagePart } from '../chat/chat-request.js';
import type { Losses } from '../chat/losses.js';
import type { Members } from '../chat/members.js';
import { CallReader } from './call-reader.js';
import { readAnnotations } from './citations.js';
import { readGoogleExtra, THOUGHT_ENDS, THOUGHT_OPENS, type GoogleExtra } from '../openai/google-extra.js';
import { readLogprobs } from './logprobs.js';
import type { CallIds } from './read-reply.js';
import { readPicture, readTranscript, readSaidPart } from './read-reply.js';
import { isOfSummary, readReasoningDetails, type ReasoningDetail } from './read-reasoning.js';
import { ignoreServiceOfChoice } from './service-members.js';
import { readFinish, stopOf, type Finish } from './stop-reason.js';

/** What is being said. One thing at a time: the calls beside it are open together. */
interface Saying {
  readonly kind: 'text' | 'refusal' | 'reasoning';
  readonly part: number;
  /** The details that the open thought came from. */
  readonly detail?: ReasoningDetail;
}

/** Follows one choice of a stream, delta by delta. */
export class ChoiceReader {
  #events: ChatEvent[] = [];
  #nextPart = 0;
  #saying: Saying | undefined;
  readonly #calls: CallReader;
  #finish: Finish = {};
  #refuses = false;
  /** Google's thoughts stand in the content, between two tags. */
  #isInThought = false;
  /** Citations that came before the text that cites. */
  #citations: Citation[] = [];

  constructor(
    private readonly index: number,
    ids: CallIds,
    private readonly losses: Losses,
  ) {
    this.#calls = new CallReader(
      ids,
      (opens) => this.#openCall(opens),
      (part, delta) => this.#delta(part, delta),
    );
  }

  /** The provider said why the answer ended. */
  get isFinished(): boolean {
    return this.#finish.reason !== undefined;
  }

  read(choice: Members): ChatEvent[] {
    ignoreServiceOfChoice(choice);
    // Some servers repeat the reason, some in another word: the first one counts.
    this.#finish = { ...readFinish(choice), ...this.#finish };
    const logprobs = readLogprobs(choice);
    const delta = choice.object('delta') ?? choice.object('message');
    // Perplexity: all that was said so far, beside each delta.
    choice.ignore('message');
    if (delta !== undefined) this.#readDelta(delta);
    if (logprobs.length > 0 && this.#saying?.kind === 'text') this.#delta(this.#saying.part, { logprobs });
    else if (logprobs.length > 0) choice.losses.add(choice.pathOf('logprobs'), 'there is no text that they are of');
    return this.#taken();
  }

  /** @param sources the web pages that the text refers to by number */
  finish(sources: readonly Citation[]): ChatEvent[] {
    this.#cite(sources);
    if (this.#citations.length > 0)
      this.losses.add(`choices.${this.index}.delta.annotations`, 'there is no text that cites them');
    this.#calls.finish(this.losses);
    return [...this.#taken(), ...this.close()];
  }

  /** Ends the parts that are open, as when the stream breaks off. */
  close(): ChatEvent[] {
    this.#endSaying();
    for (const part of this.#calls.parts()) this.#push({ kind: 'part-end', choice: this.index, part });
    return this.#taken();
  }

  stop(): ChatEvent {
    const held = { calls: this.#calls.parts().length > 0, refusal: this.#refuses };
    const choice = { losses: this.losses, at: `choices.${this.index}` };
    return { kind: 'stop', choice: this.index, stop: stopOf(this.#finish, held, choice) };
  }

  #readDelta(delta: Members): void {
    // Some servers repeat these in each delta: a choice is the assistant's, and its number is known; `channel` (Groq)
    // says which of the members the text is in, `token_id` (Together) what the text already says.
    delta.ignore('role', 'index', 'channel', 'token_id');
    const google = readGoogleExtra(delta);
    for (const detail of readReasoningDetails(delta)) this.#think(detail);
    this.#readContent(delta, google);
    for (const { text } of readTranscript(delta)) this.#say('text', { text });
    const refusal = delta.string('refusal') || undefined;
    if (refusal !== undefined) this.#say('refusal', { text: refusal });
    this.#cite(readAnnotations(delta));
    if (google.signature !== undefined) this.#sign(google.signature, delta);
    for (const image of delta.objects('images')) this.#show(readPicture(image));
    if (delta.has('tool_calls') || delta.has('function_call')) this.#calls.read(delta);
  }

  #readContent(delta: Members, google: GoogleExtra): void {
    if (Array.isArray(delta.value('content'))) {
      for (const part of delta.objects('content').flatMap(readSaidPart)) {
        if (part.kind === 'reasoning') this.#think({ ...part, kind: 'text' });
        else this.#say(part.kind, { text: part.text });
      }
      return;
    }
    const content = delta.string('content') ?? '';
    if (google.isThought && (this.#isInThought || content.startsWith(THOUGHT_OPENS))) {
      const text = this.#isInThought ? content : content.slice(THOUGHT_OPENS.length);
      this.#isInThought = true;
      this.#think({ kind: 'text', at: delta.pathOf('content'), text });
      return;
    }
    const text = this.#isInThought && content.startsWith(THOUGHT_ENDS) ? content.slice(THOUGHT_ENDS.length) : content;
    if (content !== '') this.#isInThought = false;
    if (text !== '') this.#say('text', { text });
  }

  #say(kind: 'text' | 'refusal', delta: PartDelta): void {
    if (kind === 'refusal') this.#refuses = true;
    const open = this.#saying?.kind === kind ? this.#saying : this.#startSaying({ kind });
    this.#delta(open.part, delta);
    if (kind === 'text') this.#cite([]);
  }

  #think(detail: ReasoningDetail): void {
    const { text, signature, data, id } = detail;
    const open = this.#saying?.kind === 'reasoning' ? this.#saying : undefined;
    if (open?.detail !== undefined && isOfSummary(detail, open.detail)) {
      if (id !== undefined && open.detail.id === undefined)
        this.losses.hint(detail.at, 'the id of a thought came after it');
      return this.#delta(open.part, { signature: data! });
    }
    if (data !== undefined) {
      this.#startSaying({ kind: 'reasoning', ...defined<{ id?: string; redacted: string }>({ redacted: data, id }) });
      return this.#endSaying();
    }
    // An empty beginning: some servers announce a thought like that.
    if (text === '' && signature === undefined) return;
    const goesOn = open?.detail !== undefined && open.detail.kind === detail.kind && open.detail.index === detail.index;
    const isSummary = detail.kind === 'summary' ? true : undefined;
    const { part } = goesOn
      ? open
      : this.#startSaying(
          { kind: 'reasoning', ...defined<{ id?: string; isSummary?: boolean }>({ isSummary, id }) },
          detail,
        );
    this.#delta(part, { ...(text !== '' && { text }), ...(signature !== undefined && { signature }) });
  }

  /** The signature of a delta belongs to the text, or, where there is none, to thoughts that are not shown. */
  #sign(signature: string, delta: Members): void {
    if (this.#saying === undefined || this.#saying.kind === 'refusal') {
      this.#think({ kind: 'text', at: delta.at, text: '', signature });
      this.#endSaying();
    } else this.#delta(this.#saying.part, { signature });
  }

  #show(image: ImagePart): void {
    this.#endSaying();
    const part = this.#nextPart++;
    this.#push(
      { kind: 'part', choice: this.index, part, opens: image },
      { kind: 'part-end', choice: this.index, part },
    );
  }

  #cite(citations: readonly Citation[]): void {
    this.#citations = [...this.#citations, ...citations];
    if (this.#saying?.kind !== 'text') return;
    for (const citation of this.#citations) this.#delta(this.#saying.part, { citation });
    this.#citations = [];
  }

  #openCall(opens: OpenedPart): number {
    this.#endSaying();
    const part = this.#nextPart++;
    this.#push({ kind: 'part', choice: this.index, part, opens });
    return part;
  }

  #startSaying(opens: OpenedPart & { readonly kind: Saying['kind'] }, detail?: ReasoningDetail): Saying {
    this.#endSaying();
    const part = this.#nextPart++;
    this.#push({ kind: 'part', choice: this.index, part, opens });
    this.#saying = { kind: opens.kind, part, ...(detail !== undefined && { detail }) };
    return this.#saying;
  }

  #endSaying(): void {
    if (this.#saying !== undefined) this.#push({ kind: 'part-end', choice: this.index, part: this.#saying.part });
    this.#saying = undefined;
  }

  #delta(part: number, delta: PartDelta): void {
    this.#push({ kind: 'delta', choice: this.index, part, delta });
  }

  #push(...events: readonly ChatEvent[]): void {
    this.#events.push(...events);
  }

  #taken(): ChatEvent[] {
    const events = this.#events;
    this.#events = [];
    return events;
  }
}
