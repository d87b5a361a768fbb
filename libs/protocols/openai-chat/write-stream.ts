import type { JsonObject } from '#usage/json.js';
import type { ChatEvent, OpenedPart, PartDelta } from '../chat/chat-answer.js';
import type { ChatStreamWriter, Target, WireEvent } from '../chat/chat-protocol.js';
import { writeAnnotation } from './citations.js';
import { writeError } from '../openai/error.js';
import { writeSignature } from '../openai/google-extra.js';
import { writeLogprobs } from './logprobs.js';
import { writeFinish } from './stop-reason.js';
import { writeImage } from './write-content.js';
import { writeDetails } from './write-reasoning.js';
import { isMoved, tellMoved } from './write-reply.js';
import { writeUsage } from '../openai/write-usage.js';

/** What a part is known by in later deltas. */
interface Part {
  readonly opens: OpenedPart;
  /** Its number among the thoughts or the calls of the choice. */
  readonly index: number;
  /** How much text of the choice stands before it. */
  readonly before: number;
}

interface WrittenChoice {
  readonly parts: Map<number, Part>;
  thoughts: number;
  calls: number;
  characters: number;
  refuses: boolean;
  last: OpenedPart['kind'] | undefined;
}

/** Writes the chunks of a streamed answer as the official SDKs gather them. */
export class StreamWriter implements ChatStreamWriter {
  readonly #choices = new Map<number, WrittenChoice>();
  #envelope: JsonObject;

  constructor(private readonly to: Target) {
    this.#envelope = this.#envelopeOf({});
  }

  write(event: ChatEvent): WireEvent[] {
    switch (event.kind) {
      case 'start':
        this.#envelope = this.#envelopeOf(event);
        // At once: a client measures when the answer begins.
        return this.#begun(0).events;
      case 'part': {
        const { choice, events } = this.#begun(event.choice);
        return [...events, ...this.#open(choice, event)];
      }
      case 'delta':
        return this.#delta(event);
      case 'part-end':
        return [];
      case 'stop': {
        const { choice, events } = this.#begun(event.choice);
        const held = { calls: choice.calls > 0, refusal: choice.refuses };
        return [...events, this.#chunk(event.choice, {}, writeFinish(event.stop, held, this.to))];
      }
      case 'usage':
        return this.#usage(event);
      case 'error':
        return [{ data: writeError(event.error) }];
      case 'end':
        return [{ data: '[DONE]' }];
    }
  }

  #envelopeOf({ id, model, createdAt }: { id?: string; model?: string; createdAt?: number }): JsonObject {
    return {
      id: id ?? this.to.id,
      object: 'chat.completion.chunk',
      created: createdAt ?? this.to.now,
      model: model ?? this.to.model,
    };
  }

  /** The SDKs need a role in the first delta of each choice. */
  #begun(index: number): { choice: WrittenChoice; events: WireEvent[] } {
    const known = this.#choices.get(index);
    if (known !== undefined) return { choice: known, events: [] };
    const choice = { parts: new Map(), thoughts: 0, calls: 0, characters: 0, refuses: false, last: undefined };
    this.#choices.set(index, choice);
    return { choice, events: [this.#chunk(index, { role: 'assistant', content: '', refusal: null })] };
  }

  #open(choice: WrittenChoice, { choice: index, part, opens }: ChatEvent & { kind: 'part' }): WireEvent[] {
    if (choice.last !== undefined && isMoved(opens.kind, choice.last)) {
      tellMoved({ kind: opens.kind, at: `choices.${index}.message` }, this.to);
    }
    choice.last = opens.kind;
    const opened = {
      opens,
      index: opens.kind === 'reasoning' ? choice.thoughts : choice.calls,
      before: choice.characters,
    };
    choice.parts.set(part, opened);
    switch (opens.kind) {
      case 'text':
        return [];
      case 'refusal':
        choice.refuses = true;
        return [];
      case 'reasoning':
        choice.thoughts++;
        return opens.redacted === undefined
          ? []
          : [this.#chunk(index, { reasoning_details: writeDetails(opens, opened.index) })];
      case 'tool-call': {
        choice.calls++;
        const { id, name, signature } = opens;
        const call = { id, type: 'function', function: { name, arguments: '' }, ...writeSignature(signature) };
        return [this.#chunk(index, { tool_calls: [{ index: opened.index, ...call }] })];
      }
      case 'image': {
        const images = writeImage(opens, this.to);
        return images.length === 0 ? [] : [this.#chunk(index, { images })];
      }
    }
  }

  #delta({ choice: index, part: number, delta }: ChatEvent & { kind: 'delta' }): WireEvent[] {
    const choice = this.#choices.get(index);
    const part = choice?.parts.get(number);
    if (choice === undefined || part === undefined)
      throw new Error(`The delta is of part ${number}, which was never opened.`);
    const written = writeDelta(part, delta);
    const logprobs = delta.logprobs === undefined ? {} : { logprobs: writeLogprobs(delta.logprobs) };
    if (part.opens.kind === 'text') choice.characters += delta.text?.length ?? 0;
    if (Object.keys(written).length === 0 && delta.logprobs === undefined) return [];
    return [this.#chunk(index, written, logprobs)];
  }

  #usage({ usage, serviceTier }: ChatEvent & { kind: 'usage' }): WireEvent[] {
    const counted = writeUsage(usage);
    if (!this.to.includeUsage || counted === undefined) return [];
    return [
      {
        data: {
          ...this.#envelope,
          choices: [],
          ...(serviceTier !== undefined && { service_tier: serviceTier }),
          usage: counted,
        },
      },
    ];
  }

  #chunk(index: number, delta: JsonObject, beside: JsonObject = {}): WireEvent {
    const choice = { index, delta, logprobs: null, finish_reason: null, ...beside };
    // Who asked for usage gets the member in each chunk.
    return { data: { ...this.#envelope, choices: [choice], ...(this.to.includeUsage && { usage: null }) } };
  }
}

function writeDelta({ opens, index, before }: Part, { text, signature, citation }: PartDelta): JsonObject {
  switch (opens.kind) {
    case 'text':
      return {
        ...(text !== undefined && { content: text }),
        ...writeSignature(signature),
        ...(citation !== undefined && { annotations: [writeAnnotation(citation, before)] }),
      };
    case 'refusal':
      return text === undefined ? {} : { refusal: text };
    case 'reasoning': {
      if (text === undefined && signature === undefined) return {};
      const { isSummary, id } = opens;
      const thought = { ...(isSummary !== undefined && { isSummary }), ...(id !== undefined && { id }) };
      const details = writeDetails(
        { ...thought, ...(text !== undefined && { text }), ...(signature !== undefined && { signature }) },
        index,
      );
      return { ...(text !== undefined && { reasoning_content: text }), reasoning_details: details };
    }
    case 'tool-call':
      if (text === undefined && signature === undefined) return {};
      return { tool_calls: [{ index, function: { arguments: text ?? '' }, ...writeSignature(signature) }] };
    case 'image':
      return {};
  }
}
