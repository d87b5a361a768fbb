import { asObject, type JsonObject } from '#usage/json.js';
import { defined } from '../chat/defined.js';
import type { ChatAnswer, ChatEvent, OpenedPart, PartDelta } from '../chat/chat-answer.js';
import type { ChatStreamReader, WireEvent } from '../chat/chat-protocol.js';
import type { AssistantPart } from '../chat/chat-request.js';
import type { Members, Reading } from '../chat/members.js';
import { readErrorEvent } from './error.js';
import { readHead } from './read-answer.js';
import { assistantItems, readAssistantItem, readCitation, readLogprobs, whyItemIsLost } from './read-items.js';
import { readStop } from './stop-reason.js';

/** An item of the output while it streams. Items are known by their place: some providers change the ids on the way. */
interface StreamedItem {
  readonly at: string;
  readonly id?: string;
  /** By their place in the item, as `readAssistantItem` calls it. */
  readonly parts: Map<string, StreamedPart>;
}

interface StreamedPart {
  readonly number: number;
  /** Told so far: what the finished item has beyond it is told at its end. */
  characters: number;
  citations: number;
  hasLogprobs: boolean;
  ended: boolean;
}

/** The deltas that make a part, and where in its item that is. */
interface Delta {
  readonly opens: OpenedPart;
  readonly list: 'content' | 'summary';
}

const deltas: ReadonlyMap<string, Delta> = new Map<string, Delta>(
  Object.entries({
    'response.output_text.delta': { opens: { kind: 'text' }, list: 'content' },
    'response.refusal.delta': { opens: { kind: 'refusal' }, list: 'content' },
    'response.reasoning_text.delta': { opens: { kind: 'reasoning' }, list: 'content' },
    'response.reasoning_summary_text.delta': { opens: { kind: 'reasoning', isSummary: true }, list: 'summary' },
  }),
);

/**
 * https://platform.openai.com/docs/api-reference/responses-streaming. A part opens with its first delta and ends when
 * the next of its item opens, or with the item, which comes whole then: so a provider may leave out any event between.
 */
export class ResponsesStreamReader implements ChatStreamReader {
  readonly #items = new Map<number, StreamedItem>();
  readonly #kinds = new Set<AssistantPart['kind']>();
  #parts = 0;
  #isStarted = false;
  #events: ChatEvent[] = [];

  constructor(private readonly reading: Reading) {}

  read({ type, data }: WireEvent): ChatEvent[] {
    this.#events = [];
    if (typeof data === 'string') {
      if (data !== '[DONE]') this.reading.losses.add('', 'an event of the stream is no JSON object');
    } else {
      const named = data['type'] ?? type;
      this.#hear(typeof named === 'string' ? named.slice(0, 80) : '', data);
    }
    return this.#events;
  }

  /** The protocol says its end itself. */
  end(): ChatEvent[] {
    return [];
  }

  #hear(type: string, data: JsonObject): void {
    switch (type) {
      case 'response.created':
      case 'response.queued':
      case 'response.in_progress':
        return this.#start(readStart(asObject(data['response'])));
      case 'response.output_item.added':
        return this.#addItem(this.reading.open(data, type));
      case 'response.output_item.done':
        return this.#finishItem(this.reading.open(data, type));
      case 'response.function_call_arguments.delta':
        return this.#hearArguments(this.reading.open(data, type));
      case 'response.output_text.annotation.added':
        return this.#hearCitation(this.reading.open(data, type));
      case 'response.completed':
      case 'response.incomplete':
        return this.#finish(this.reading.open(data['response']));
      case 'response.failed':
        return this.#fail(asObject(data['response']) ?? {});
      case 'error':
        return this.#fail(data);
      case 'keepalive':
        return;
      case '':
        // Proxies give an error in the shape of a body.
        if (asObject(data['error']) !== undefined) return this.#fail(data);
    }
    const delta = deltas.get(type);
    if (delta !== undefined) this.#hearDelta(this.reading.open(data, type), delta);
    // Whatever else happens to an item is in the item when it is done.
    else if (typeof data['output_index'] !== 'number') this.reading.losses.add(type, 'this event is not known here');
  }

  #start(head: Pick<ChatAnswer, 'id' | 'model' | 'createdAt'>): void {
    if (!this.#isStarted) this.#events.push({ kind: 'start', ...head });
    this.#isStarted = true;
  }

  #addItem(event: Members): void {
    const index = indexOf(event);
    const item = asObject(event.value('item')) ?? {};
    const { id, type, call_id: callId, name } = item;
    const added: StreamedItem = {
      at: `output.${index}`,
      parts: new Map(),
      ...(typeof id === 'string' && { id }),
    };
    this.#items.set(index, added);
    if (typeof type === 'string' && !assistantItems.has(type)) {
      this.reading.losses.add(added.at, whyItemIsLost(type));
    }
    if (type === 'function_call' && typeof callId === 'string' && typeof name === 'string') {
      this.#open(added, added.at, { kind: 'tool-call', id: callId, name });
    }
  }

  #hearDelta(event: Members, { opens, list }: Delta): void {
    const item = this.#itemOf(event);
    const index = event.integer(list === 'summary' ? 'summary_index' : 'content_index') ?? 0;
    const logprobs = readLogprobs(event);
    const named = opens.kind === 'reasoning' && item.id !== undefined ? { ...opens, id: item.id } : opens;
    const place = `${item.at}.${list}.${index}`;
    const part = item.parts.get(place) ?? this.#open(item, place, named);
    this.#tell(part, { text: event.requiredString('delta'), ...(logprobs.length > 0 && { logprobs }) });
  }

  #hearArguments(event: Members): void {
    const item = this.#itemOf(event);
    const part = item.parts.get(item.at);
    const text = event.requiredString('delta');
    // A call that did not say its name yet comes with the finished item.
    if (part !== undefined) this.#tell(part, { text });
  }

  #hearCitation(event: Members): void {
    const item = this.#itemOf(event);
    const place = `${item.at}.content.${event.integer('content_index') ?? 0}`;
    const at = `${place}.annotations.${event.integer('annotation_index') ?? 0}`;
    const part = item.parts.get(place) ?? this.#open(item, place, { kind: 'text' });
    for (const citation of readCitation(this.reading.open(event.value('annotation'), at)))
      this.#tell(part, { citation });
  }

  #finishItem(event: Members): void {
    const index = indexOf(event);
    const item = this.#items.get(index) ?? { at: `output.${index}`, parts: new Map() };
    this.#settleItem(item, event.value('item'));
    this.#items.delete(index);
  }

  /** Tells what the deltas left unsaid. */
  #settleItem(item: StreamedItem, finished: unknown): void {
    const whole = readAssistantItem(this.reading.open(finished, item.at));
    for (const part of whole) {
      const streamed = item.parts.get(part.at);
      if (streamed !== undefined && !streamed.ended) this.#settle(streamed, part);
    }
    for (const part of whole) {
      if (!item.parts.has(part.at)) this.#settle(this.#open(item, part.at, openingOf(part)), part);
    }
    this.#endPartsOf(item);
  }

  #settle(streamed: StreamedPart, whole: AssistantPart): void {
    const rest = restOf(streamed, whole);
    if (Object.keys(rest).length > 0) this.#tell(streamed, rest);
    for (const citation of citationsOf(whole).slice(streamed.citations)) this.#tell(streamed, { citation });
    this.#end(streamed);
  }

  #finish(response: Members): void {
    const { serviceTier: _, ...head } = readHead(response);
    this.#start(head);
    const output = response.entries('output');
    // Some upstreams stream nothing but the end.
    if (this.#parts === 0) {
      for (const { value, at } of output) this.#settleItem({ at, parts: new Map() }, value);
    }
    for (const item of this.#items.values()) this.#endPartsOf(item);
    const stop = readStop(response, this.#kinds);
    if (stop !== undefined) this.#events.push({ kind: 'stop', choice: 0, stop });
    this.#events.push({ kind: 'end' });
  }

  #fail(event: JsonObject): void {
    this.#start({});
    this.#events.push({ kind: 'error', error: readErrorEvent(event) });
  }

  #itemOf(event: Members): StreamedItem {
    const index = indexOf(event);
    const known = this.#items.get(index);
    if (known !== undefined) return known;
    const item = { at: `output.${index}`, parts: new Map() };
    this.#items.set(index, item);
    return item;
  }

  #open(item: StreamedItem, place: string, opens: OpenedPart): StreamedPart {
    this.#start({});
    this.#endPartsOf(item);
    const part = { number: this.#parts, characters: 0, citations: 0, hasLogprobs: false, ended: false };
    this.#parts += 1;
    item.parts.set(place, part);
    this.#kinds.add(opens.kind);
    this.#events.push({ kind: 'part', choice: 0, part: part.number, opens });
    return part;
  }

  #tell(part: StreamedPart, delta: PartDelta): void {
    part.characters += delta.text?.length ?? 0;
    part.hasLogprobs ||= delta.logprobs !== undefined;
    if (delta.citation !== undefined) part.citations += 1;
    this.#events.push({ kind: 'delta', choice: 0, part: part.number, delta });
  }

  #endPartsOf(item: StreamedItem): void {
    for (const part of item.parts.values()) this.#end(part);
  }

  #end(part: StreamedPart): void {
    if (!part.ended) this.#events.push({ kind: 'part-end', choice: 0, part: part.number });
    part.ended = true;
  }
}

function readStart(response: JsonObject | undefined): Pick<ChatAnswer, 'id' | 'model' | 'createdAt'> {
  const { id, model, created_at: createdAt } = response ?? {};
  return {
    ...(typeof id === 'string' && { id }),
    ...(typeof model === 'string' && { model }),
    ...(typeof createdAt === 'number' && { createdAt }),
  };
}

/** Which item an event is about, with all else that says nothing: ids, the order, and padding against eavesdroppers. */
function indexOf(event: Members): number {
  event.ignore('type', 'item_id', 'sequence_number', 'obfuscation');
  return event.integer('output_index') ?? event.missing('output_index');
}

function openingOf(part: AssistantPart): OpenedPart {
  switch (part.kind) {
    case 'text':
    case 'refusal':
      return { kind: part.kind };
    case 'reasoning':
      return defined<OpenedPart & { kind: 'reasoning' }>({
        kind: part.kind,
        isSummary: part.isSummary,
        id: part.id,
        redacted: part.redacted,
      });
    case 'tool-call':
      return defined<OpenedPart & { kind: 'tool-call' }>({
        kind: part.kind,
        id: part.id,
        name: part.name,
        signature: undefined,
      });
    case 'image':
      return part;
  }
}

function restOf(streamed: StreamedPart, whole: AssistantPart): PartDelta {
  if (whole.kind === 'image') return {};
  const text = (whole.kind === 'tool-call' ? whole.arguments : whole.text).slice(streamed.characters);
  const logprobs = whole.kind === 'text' && !streamed.hasLogprobs ? whole.logprobs : undefined;
  const signature = whole.kind === 'refusal' ? undefined : whole.signature;
  return defined<Omit<PartDelta, 'citation'>>({ text: text === '' ? undefined : text, signature, logprobs });
}

function citationsOf(part: AssistantPart) {
  return part.kind === 'text' ? (part.citations ?? []) : [];
}
