import type { JsonObject } from '#usage/json.js';
import { defined } from '../chat/defined.js';
import type { ChatAnswer, ChatEvent, OpenedPart, PartDelta, Stop } from '../chat/chat-answer.js';
import type { ChatStreamWriter, Target, WireEvent } from '../chat/chat-protocol.js';
import type { Citation } from '../chat/chat-request.js';
import { writeError } from './error.js';
import { writeLogprobs } from './logprobs.js';
import { packSignature, type Carried } from './thought-signature.js';
import { writeStop } from './stop-reason.js';
import { writeHead } from './write-answer.js';
import { writeCitations } from './write-citations.js';
import { writeAssistantPart, writeCall, writeReasoning, writeText } from './write-parts.js';
import { writeUsage } from './write-usage.js';

interface OpenPart {
  readonly opens: OpenedPart;
  /** Of a call: its arguments, which are parsed when they are whole. */
  text: string;
  signature: string;
}

interface OpenChoice {
  readonly open: Map<number, OpenPart>;
  /** All text so far, by part: the sources come at the end, and are told by offsets in it. */
  readonly texts: Map<number, { text: string; readonly citations: Citation[] }>;
  stop?: Stop;
}

/** A piece of text is a part of its own here, a call is one whole part, and the last chunk tells how it ended. */
export class GeminiStreamWriter implements ChatStreamWriter {
  readonly #choices = new Map<number, OpenChoice>();
  #head: JsonObject;
  #usage: JsonObject | undefined;

  constructor(private readonly to: Target) {
    this.#head = writeHead({}, to);
  }

  write(event: ChatEvent): WireEvent[] {
    switch (event.kind) {
      case 'start':
        this.#head = writeHead(event satisfies Omit<ChatAnswer, 'choices'>, this.to);
        return [];
      case 'part':
        return this.#openPart(event.choice, event.part, event.opens);
      case 'delta':
        return this.#addTo(event.choice, event.part, event.delta);
      case 'part-end':
        return this.#endPart(event.choice, event.part);
      case 'stop':
        this.#choice(event.choice).stop = event.stop;
        return [];
      case 'usage':
        this.#usage = writeUsage(event.usage);
        return [];
      case 'error':
        return [{ data: writeError(event.error) }];
      case 'end':
        return [this.#last()];
    }
  }

  #openPart(choice: number, part: number, opens: OpenedPart): WireEvent[] {
    this.#choice(choice).open.set(part, { opens, text: '', signature: '' });
    return opens.kind === 'image' ? this.#chunk(choice, writeAssistantPart(opens, packSignature, this.to)) : [];
  }

  #addTo(choice: number, part: number, delta: PartDelta): WireEvent[] {
    const { open, texts } = this.#choice(choice);
    const found = open.get(part);
    if (found === undefined) return [];
    const { text = '', signature = '', citation, logprobs = [] } = delta;
    found.signature += signature;
    const { kind } = found.opens;
    if (kind === 'tool-call') {
      found.text += text;
      return [];
    }
    if (kind === 'text') {
      const all = texts.get(part) ?? { text: '', citations: [] };
      texts.set(part, all);
      all.text += text;
      if (citation !== undefined) all.citations.push(citation);
    }
    const logprobsResult = writeLogprobs(logprobs);
    if (text === '' && logprobsResult === undefined) return [];
    return this.#chunk(choice, textOf(kind, text, {}), logprobsResult && { logprobsResult });
  }

  /** The signature stands behind what it signs, with an empty text, as Google's own does. */
  #endPart(choice: number, part: number): WireEvent[] {
    const { open } = this.#choice(choice);
    const found = open.get(part);
    open.delete(part);
    if (found === undefined) return [];
    const { opens, text, signature } = found;
    if (opens.kind === 'tool-call') {
      const signed = (opens.signature ?? '') + signature;
      const { id, name } = opens;
      const call = { at: place(choice, part), id, name, arguments: text, ...(signed !== '' && { signature: signed }) };
      return this.#chunk(choice, writeCall(call, packSignature, this.to));
    }
    if (opens.kind === 'refusal') this.to.losses.hint(place(choice, part), 'a refusal is text like any other');
    const { redacted, id, isSummary } = opens.kind === 'reasoning' ? opens : {};
    const carried = defined<Carried>({ signature: signature || undefined, redacted, id, isSummary });
    return Object.keys(carried).length === 0 ? [] : this.#chunk(choice, textOf(opens.kind, '', carried));
  }

  /** SDKs keep an answer only if each of its chunks has a part, so the last one says an empty text. */
  #last(): WireEvent {
    const candidates = [...this.#choices].map(([index, { stop, texts }]) => {
      const groundingMetadata = writeCitations(
        [...texts].sort(([one], [other]) => one - other).map(([, text]) => text),
      );
      return {
        content: { parts: [{ text: '' }], role: 'model' },
        ...(stop && { finishReason: writeStop(stop, this.to.losses) }),
        index,
        ...(groundingMetadata && { groundingMetadata }),
      };
    });
    return { data: { candidates, ...(this.#usage && { usageMetadata: this.#usage }), ...this.#head } };
  }

  #chunk(index: number, part: JsonObject | undefined, beside?: JsonObject): WireEvent[] {
    if (part === undefined) return [];
    return [{ data: { candidates: [{ content: { parts: [part], role: 'model' }, index, ...beside }], ...this.#head } }];
  }

  #choice(index: number): OpenChoice {
    const choice = this.#choices.get(index) ?? { open: new Map(), texts: new Map() };
    this.#choices.set(index, choice);
    return choice;
  }
}

/** A piece of a thought, or of what is text to Gemini. */
function textOf(kind: OpenedPart['kind'], text: string, carried: Carried): JsonObject {
  if (kind === 'reasoning') return writeReasoning({ text, ...carried }, packSignature);
  return writeText({ text, ...carried }, packSignature);
}

const place = (choice: number, part: number): string => `choices.${choice}.parts.${part}`;
