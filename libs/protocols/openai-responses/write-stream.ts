import type { JsonObject } from '#usage/json.js';
import type { ChatAnswer, ChatError, ChatEvent, OpenedPart, PartDelta, Stop } from '../chat/chat-answer.js';
import type { ChatStreamWriter, Target, WireEvent } from '../chat/chat-protocol.js';
import { writeError } from '../openai/error.js';
import { writeResponseError } from './error.js';
import { deltaEvents, doneEvents, draftOf, openedEvents, partOf, type Draft } from './part-events.js';
import { type ResponseState, writeResponse } from './response-object.js';
import { writeStop } from './stop-reason.js';
import { answerFrame, tellOtherChoice } from './write-answer.js';
import { type ItemFrame, joinsItem, writeItem } from './write-items.js';

/** An item of the output while it is written. It is done when its parts have ended and no other can join them. */
interface WrittenItem {
  readonly index: number;
  readonly drafts: [Draft, ...Draft[]];
  json: JsonObject;
  isSealed: boolean;
  isDone: boolean;
}

/** Several items may be open at once. Every event names its item, and the last one holds the whole response. */
export class ResponsesStreamWriter implements ChatStreamWriter {
  readonly #items: WrittenItem[] = [];
  readonly #parts = new Map<number, { draft: Draft; item: WrittenItem }>();
  #head: Pick<ResponseState, 'id' | 'model' | 'createdAt' | 'usage' | 'serviceTier'> = {};
  #isStarted = false;
  #stop: Stop | undefined;
  #sequence = 0;
  #events: WireEvent[] = [];

  constructor(private readonly to: Target) {}

  write(event: ChatEvent): WireEvent[] {
    this.#events = [];
    if ('choice' in event && event.choice !== 0) tellOtherChoice(event.choice, this.to);
    else this.#hear(event);
    return this.#events;
  }

  #hear(event: ChatEvent): void {
    switch (event.kind) {
      case 'start': {
        const { kind: _, ...head } = event;
        return this.#start(head);
      }
      case 'part':
        return this.#open(event.part, event.opens);
      case 'delta':
        return this.#tell(event.part, event.delta);
      case 'part-end': {
        const part = this.#parts.get(event.part);
        return part && this.#endPart(part.draft, part.item);
      }
      case 'stop':
        this.#stop = event.stop;
        return;
      case 'usage': {
        const { usage, serviceTier } = event;
        this.#head = { ...this.#head, usage, ...(serviceTier !== undefined && { serviceTier }) };
        return;
      }
      case 'error':
        return this.#fail(event.error);
      case 'end':
        return this.#finish();
    }
  }

  #start(head: Pick<ChatAnswer, 'id' | 'model' | 'createdAt'>): void {
    if (this.#isStarted) return;
    this.#isStarted = true;
    this.#head = head;
    const response = this.#response({ status: 'in_progress' });
    this.#emit('response.created', { response });
    this.#emit('response.in_progress', { response });
  }

  #open(number: number, opens: OpenedPart): void {
    this.#start({});
    const last = this.#items.at(-1);
    const item = last !== undefined && joinsItem(partOf(last.drafts.at(-1)!), opens) ? last : undefined;
    const draft = draftOf(opens, item === undefined ? 0 : placeIn(item, opens));
    if (item === undefined) this.#openItem(draft);
    else item.drafts.push(draft);
    const joined = this.#items.at(-1)!;
    this.#parts.set(number, { draft, item: joined });
    this.#emitOf(joined, openedEvents(draft));
    if (comesWhole(opens)) this.#endPart(draft, joined);
  }

  #openItem(draft: Draft): void {
    const before = this.#items.at(-1);
    if (before !== undefined) this.#seal(before);
    const index = this.#items.length;
    const whole = writeItem([partOf(draft)], this.#frame(index, 'in_progress'), this.to);
    // Its contents come in the events that follow.
    const empty = ['content', 'summary'].filter((name) => name in whole).map((name) => [name, []]);
    const image = 'result' in whole ? { result: null } : {};
    const json = { ...whole, ...(Object.fromEntries(empty) as JsonObject), ...image };
    this.#items.push({ index, drafts: [draft], json, isSealed: false, isDone: false });
    this.#emit('response.output_item.added', { output_index: index, item: json });
  }

  #tell(number: number, delta: PartDelta): void {
    const part = this.#parts.get(number);
    if (part === undefined) return;
    const { draft, item } = part;
    draft.text += delta.text ?? '';
    if (delta.signature !== undefined) draft.signature = (draft.signature ?? '') + delta.signature;
    if (delta.citation !== undefined) draft.citations.push(delta.citation);
    for (const logprob of delta.logprobs ?? []) draft.logprobs.push(logprob);
    this.#emitOf(item, deltaEvents(draft, delta));
  }

  #endPart(draft: Draft, item: WrittenItem): void {
    if (draft.ended) return;
    draft.ended = true;
    this.#emitOf(item, doneEvents(draft));
    if (item.isSealed) this.#seal(item);
  }

  /** No other part joins the item any more. */
  #seal(item: WrittenItem, status: ItemFrame['status'] = 'completed'): void {
    item.isSealed = true;
    if (item.isDone || !item.drafts.every(({ ended }) => ended)) return;
    item.isDone = true;
    item.json = this.#whole(item, status);
    this.#emit('response.output_item.done', { output_index: item.index, item: item.json });
  }

  #finish(): void {
    this.#start({});
    const kinds = new Set(this.#items.flatMap(({ drafts }) => drafts.map(({ opens }) => opens.kind)));
    const stop = writeStop(this.#stop, kinds, this.to);
    for (const item of this.#items) {
      for (const draft of item.drafts) this.#endPart(draft, item);
      this.#seal(item, stop.status);
    }
    this.#emit(`response.${stop.status}`, { response: this.#response(stop) });
  }

  /** First the event that makes the SDKs throw, then the one that ends the response, as OpenAI does. */
  #fail(error: ChatError): void {
    this.#start({});
    for (const item of this.#items) if (!item.isDone) item.json = this.#whole(item, 'incomplete');
    const { code = null, message, param = null } = error;
    this.#emit('error', { code, message, param, ...writeError(error) });
    this.#emit('response.failed', {
      response: this.#response({ status: 'failed', error: writeResponseError(error) }),
    });
  }

  #whole({ index, drafts: [first, ...more] }: WrittenItem, status: ItemFrame['status']): JsonObject {
    return writeItem([partOf(first), ...more.map(partOf)], this.#frame(index, status), this.to);
  }

  #frame(index: number, status: ItemFrame['status']): ItemFrame {
    return answerFrame(this.#head.id ?? this.to.id, index, status);
  }

  #response(state: Omit<ResponseState, 'output'>): JsonObject {
    return writeResponse({ ...this.#head, ...state, output: this.#items.map(({ json }) => json) }, this.to);
  }

  #emitOf({ index, json }: WrittenItem, events: readonly (readonly [string, JsonObject])[]): void {
    for (const [type, members] of events) this.#emit(type, { item_id: json['id'], output_index: index, ...members });
  }

  #emit(type: string, members: JsonObject): void {
    this.#events.push({ type, data: { type, sequence_number: this.#sequence, ...members } });
    this.#sequence += 1;
  }
}

/** No delta follows: it need not wait for its end. */
function comesWhole(opens: OpenedPart): boolean {
  return opens.kind === 'image' || (opens.kind === 'reasoning' && opens.redacted !== undefined);
}

/** Summaries and thoughts of one item are counted each for themselves. */
function placeIn({ drafts }: WrittenItem, opens: OpenedPart): number {
  const isSummary = (one: OpenedPart) => one.kind === 'reasoning' && one.isSummary === true;
  return drafts.filter((draft) => isSummary(draft.opens) === isSummary(opens)).length;
}
