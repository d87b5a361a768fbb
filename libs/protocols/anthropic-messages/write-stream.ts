import type { JsonObject } from '#usage/json.js';
import type { Usage } from '#usage/usage.js';
import type { ChatEvent, OpenedPart, PartDelta, Stop } from '../chat/chat-answer.js';
import type { ChatStreamWriter, Target, WireEvent } from '../chat/chat-protocol.js';
import { packSignature } from './carried-signature.js';
import { writeCitation } from './citations.js';
import { writeError } from './error.js';
import { writeStop } from './stop-reason.js';
import {
  carriedBy,
  openMessage,
  openToolUse,
  redactedThought,
  signatureOfCall,
  tellNoUsage,
  tellTextLosses,
} from './write-answer.js';
import { writeUsage } from './write-usage.js';

type PartEvent = Extract<ChatEvent, { kind: 'part' | 'delta' | 'part-end' }>;

/** The part whose block is being written. */
interface Current {
  readonly part: number;
  readonly opens: OpenedPart;
  /** Undefined until there is something to write: an empty block of text would be refused when it comes back. */
  index?: number;
  /** It comes in pieces elsewhere; here it is one event at the end, and SDKs keep the last one only. */
  signature?: string;
}

/**
 * Blocks follow one another here. What comes of another part while one is open waits for the end of that one: nothing
 * more than the answer itself ever waits.
 */
export class MessageStreamWriter implements ChatStreamWriter {
  #current: Current | undefined;
  #waiting: PartEvent[] = [];
  #blocks = 0;
  #hasRefusal = false;
  #stop: Stop | undefined;
  #usage: Usage | undefined;

  constructor(private readonly to: Target) {}

  write(event: ChatEvent): WireEvent[] {
    switch (event.kind) {
      case 'start': {
        const message = { ...openMessage(event, this.to), usage: writeUsage() };
        return [wire({ type: 'message_start', message })];
      }
      case 'part':
      case 'delta':
      case 'part-end':
        return event.choice === 0 ? this.#writePart(event) : this.#loseChoice();
      case 'stop':
        if (event.choice !== 0) return this.#loseChoice();
        this.#stop = event.stop;
        return [];
      case 'usage':
        this.#usage = event.usage;
        return [];
      case 'error':
        return [wire(writeError(event.error, this.to))];
      case 'end':
        return [...this.#finishParts(), this.#writeStop(), wire({ type: 'message_stop' })];
    }
  }

  #loseChoice(): [] {
    this.to.losses.add('choices', 'it gives one answer');
    return [];
  }

  #writePart(event: PartEvent): WireEvent[] {
    const current = this.#current;
    if (current !== undefined && current.part !== event.part) {
      this.#waiting.push(event);
      return [];
    }
    if (event.kind === 'part') {
      this.#current = { part: event.part, opens: event.opens };
      return this.#open(this.#current);
    }
    if (current === undefined) throw new Error(`Part ${event.part} of the answer is not open.`);
    if (event.kind === 'delta') return this.#add(current, event.delta);
    return [...this.#close(current), ...this.#writeWaiting()];
  }

  /** What waited is written in the order in which it came, up to the next part that stays open. */
  #writeWaiting(): WireEvent[] {
    this.#current = undefined;
    const waiting = this.#waiting;
    this.#waiting = [];
    return waiting.flatMap((event) => this.#writePart(event));
  }

  /** A part that nobody closed ends with the answer. */
  #finishParts(): WireEvent[] {
    const written: WireEvent[][] = [];
    while (this.#current !== undefined) written.push(this.#close(this.#current), this.#writeWaiting());
    return written.flat();
  }

  #open(current: Current): WireEvent[] {
    const { opens } = current;
    switch (opens.kind) {
      case 'text':
      case 'refusal':
        return [];
      case 'image':
        this.to.losses.add(opens.at, 'its answers have no images');
        return [];
      case 'reasoning':
        if (opens.redacted === undefined) return [];
        return this.#begin(current, redactedThought(opens.redacted, opens));
      case 'tool-call': {
        const call = openToolUse(opens.id, opens.name);
        if (opens.signature === undefined) return this.#begin(current, call);
        return [...this.#writeSignature(opens.signature), ...this.#begin(current, call)];
      }
    }
  }

  #add(current: Current, { text, signature, citation, logprobs }: PartDelta): WireEvent[] {
    const { opens } = current;
    if (opens.kind === 'reasoning') current.signature = (current.signature ?? '') + (signature ?? '');
    else tellTextLosses({ ...(signature && { signature }), ...(logprobs && { logprobs }) }, opens.kind, this.to);
    const written: WireEvent[] = [];
    if (text !== undefined && text !== '') written.push(...this.#addText(current, text));
    if (citation !== undefined && opens.kind === 'text') {
      // How long the text will be is not known yet.
      const cited = writeCitation(citation, { at: 'text', length: Infinity }, this.to.losses);
      written.push(...this.#delta(current, { type: 'citations_delta', citation: cited }));
    }
    return written;
  }

  #addText(current: Current, text: string): WireEvent[] {
    switch (current.opens.kind) {
      case 'refusal':
        // The reason why the answer stopped says that it is one.
        this.#hasRefusal = true;
        return this.#delta(current, { type: 'text_delta', text });
      case 'text':
        return this.#delta(current, { type: 'text_delta', text });
      case 'reasoning':
        return this.#delta(current, { type: 'thinking_delta', thinking: text });
      case 'tool-call':
        return this.#delta(current, { type: 'input_json_delta', partial_json: text });
      case 'image':
        return [];
    }
  }

  #close(current: Current): WireEvent[] {
    const written: WireEvent[] = [];
    if (current.opens.kind === 'reasoning' && current.opens.redacted === undefined) {
      const signature = packSignature(
        carriedBy({ ...current.opens, ...(current.signature && { signature: current.signature }) }),
      );
      if (signature !== '') written.push(...this.#delta(current, { type: 'signature_delta', signature }));
    }
    if (current.index !== undefined) written.push(wire({ type: 'content_block_stop', index: current.index }));
    return written;
  }

  #delta(current: Current, delta: JsonObject): WireEvent[] {
    const empty =
      current.opens.kind === 'reasoning'
        ? { type: 'thinking', thinking: '', signature: '' }
        : { type: 'text', text: '' };
    const begun = current.index === undefined ? this.#begin(current, empty) : [];
    return [...begun, wire({ type: 'content_block_delta', index: current.index, delta })];
  }

  #begin(current: Current, content_block: JsonObject): WireEvent[] {
    current.index = this.#blocks;
    this.#blocks += 1;
    return [wire({ type: 'content_block_start', index: current.index, content_block })];
  }

  /** The signature of a tool call has a block to itself. */
  #writeSignature(signature: string): WireEvent[] {
    const index = this.#blocks;
    this.#blocks += 1;
    const { signature: packed, ...content_block } = signatureOfCall(signature);
    return [
      wire({ type: 'content_block_start', index, content_block: { ...content_block, signature: '' } }),
      wire({ type: 'content_block_delta', index, delta: { type: 'signature_delta', signature: packed } }),
      wire({ type: 'content_block_stop', index }),
    ];
  }

  #writeStop(): WireEvent {
    if (this.#usage === undefined || this.#usage.segments.length === 0) tellNoUsage(this.to);
    const delta = { container: null, ...writeStop(this.#stop, this.#hasRefusal, this.to.losses) };
    return wire({ type: 'message_delta', delta, usage: writeUsage(this.#usage) });
  }
}

/** Here an event's data names its type too. */
function wire(data: JsonObject): WireEvent {
  return { type: data['type'] as string, data };
}
