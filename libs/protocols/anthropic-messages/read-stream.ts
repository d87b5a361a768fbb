import { asObject } from '#usage/json.js';
import type { ChatEvent, OpenedPart, PartDelta } from '../chat/chat-answer.js';
import type { ChatStreamReader, WireEvent } from '../chat/chat-protocol.js';
import { InvalidBody, type Members, type Reading } from '../chat/members.js';
import { readCitation } from './citations.js';
import { readError } from './error.js';
import { readServiceMetadata } from './read-answer.js';
import { loseBlock, readCaller } from './read-blocks.js';
import { readStop } from './stop-reason.js';

/** A content block that is open. */
interface Block {
  readonly part: number;
  /** A tool's input that came whole with the opening: it holds where no pieces follow. */
  input: string | undefined;
}

/** https://platform.claude.com/docs/en/build-with-claude/streaming */
export class MessageStreamReader implements ChatStreamReader {
  /** Under their index; blocks that have no counterpart are not among them. */
  readonly #blocks = new Map<number, Block>();
  #parts = 0;
  #started: { readonly id: string | undefined } | undefined;

  constructor(private readonly reading: Reading) {}

  read({ type, data }: WireEvent): ChatEvent[] {
    if (typeof data === 'string') {
      // Some providers of this protocol end with OpenAI's word for it.
      if (data.trim() !== '[DONE]') this.reading.losses.add('data', 'an event is no JSON object');
      return [];
    }
    const event = this.reading.open(data);
    const error = readError(data);
    if (error !== undefined) {
      event.ignore(...event.unread());
      return [{ kind: 'error', error }];
    }
    switch (event.string('type') ?? type ?? event.missing('type')) {
      case 'message_start':
        return this.#start(event.object('message') ?? event.missing('message'));
      case 'content_block_start':
        return this.#open(event);
      case 'content_block_delta':
        return this.#add(event);
      case 'content_block_stop':
        return this.#close(event);
      case 'message_delta':
        return this.#stop(event);
      case 'message_stop':
        return [{ kind: 'end' }];
      case 'ping':
        return [];
      default:
        event.lose('an event of its type is not known here');
        return [];
    }
  }

  /** message_stop is the end: without it the stream broke off. */
  end(): ChatEvent[] {
    return [];
  }

  #start(message: Members): ChatEvent[] {
    // They say that an answer begins, and nothing of it is there yet.
    message.ignore('type', 'role', 'content', 'stop_reason', 'stop_sequence', 'usage');
    readServiceMetadata(message);
    const id = message.string('id');
    const model = message.string('model');
    if (this.#started !== undefined) {
      // A proxy that asked again left a part of another answer here: the two together are none.
      if (this.#started.id === id && this.#parts === 0) return [];
      throw new InvalidBody(message.at, 'A second message_start came before message_stop.');
    }
    this.#started = { id };
    return [{ kind: 'start', ...(id !== undefined && { id }), ...(model !== undefined && { model }) }];
  }

  #open(event: Members): ChatEvent[] {
    const index = indexOf(event);
    const block = event.object('content_block') ?? event.missing('content_block');
    const opens = openedPart(block);
    if (opens === undefined) return [];
    const opened: Block = { part: this.#parts, input: inputOf(block) };
    this.#parts += 1;
    this.#blocks.set(index, opened);
    const first = firstDelta(block);
    return [
      { kind: 'part', choice: 0, part: opened.part, opens },
      ...(first === undefined ? [] : [delta(opened, first)]),
    ];
  }

  #add(event: Members): ChatEvent[] {
    const block = this.#blocks.get(indexOf(event));
    const added = event.object('delta') ?? event.missing('delta');
    if (block === undefined) {
      // The block as a whole was told as a loss when it was opened.
      added.ignore(...added.unread());
      return [];
    }
    const read = readDelta(added);
    if (read === undefined) return [];
    if (added.has('partial_json') && read.text !== '') block.input = undefined;
    return [delta(block, read)];
  }

  #close(event: Members): ChatEvent[] {
    const index = indexOf(event);
    const block = this.#blocks.get(index);
    if (block === undefined) return [];
    this.#blocks.delete(index);
    return [
      ...(block.input === undefined ? [] : [delta(block, { text: block.input })]),
      { kind: 'part-end', choice: 0, part: block.part },
    ];
  }

  #stop(event: Members): ChatEvent[] {
    // libs/usage reads it.
    event.ignore('usage');
    readServiceMetadata(event);
    const last = event.object('delta') ?? event.missing('delta');
    readServiceMetadata(last);
    const reason = last.string('stop_reason');
    const sequence = last.string('stop_sequence');
    if (reason === undefined) return [];
    return [{ kind: 'stop', choice: 0, stop: readStop(reason, sequence, last.losses) }];
  }
}

function delta({ part }: Pick<Block, 'part'>, added: PartDelta): ChatEvent {
  return { kind: 'delta', choice: 0, part, delta: added };
}

function indexOf(event: Members): number {
  return event.integer('index') ?? event.missing('index');
}

function openedPart(block: Members): OpenedPart | undefined {
  switch (block.requiredString('type')) {
    case 'text':
      return { kind: 'text' };
    case 'thinking':
      return { kind: 'reasoning' };
    case 'redacted_thinking':
      return { kind: 'reasoning', redacted: block.requiredString('data') };
    case 'tool_use':
      readCaller(block);
      return { kind: 'tool-call', id: block.requiredString('id'), name: block.requiredString('name') };
    default:
      loseBlock(block);
      return undefined;
  }
}

/** Most blocks open empty; what they hold from the start is their first piece. */
function firstDelta(block: Members): PartDelta | undefined {
  const text = block.string('text') ?? block.string('thinking') ?? '';
  const signature = block.string('signature') ?? '';
  // They come in deltas.
  block.ignore('citations');
  if (text === '' && signature === '') return undefined;
  return { ...(text !== '' && { text }), ...(signature !== '' && { signature }) };
}

function inputOf(block: Members): string | undefined {
  const input = block.value('input');
  return input === undefined ? undefined : JSON.stringify(asObject(input) ?? {});
}

function readDelta(added: Members): PartDelta | undefined {
  switch (added.requiredString('type')) {
    case 'text_delta':
      return { text: added.requiredString('text') };
    case 'thinking_delta':
      // How much of a thought that is not shown there is so far.
      added.ignore('estimated_tokens');
      return { text: added.requiredString('thinking') };
    case 'input_json_delta':
      return { text: added.requiredString('partial_json') };
    case 'signature_delta':
      return { signature: added.requiredString('signature') };
    case 'citations_delta': {
      const citation = readCitation(added.object('citation') ?? added.missing('citation'));
      return citation && { citation };
    }
    default:
      added.lose('a delta of its type is not known here');
      return undefined;
  }
}
