import type { OpenedPart, PartDelta } from '../chat/chat-answer.js';
import type { Losses } from '../chat/losses.js';
import type { Members } from '../chat/members.js';
import { readGoogleExtra } from '../openai/google-extra.js';
import type { CallIds } from './read-reply.js';
import { whyNoTool } from './read-tools.js';

interface Call {
  readonly at: string;
  readonly index: number | undefined;
  id: string | undefined;
  /** Absent until its name is known. */
  part?: number;
  /** What came before the name. */
  held: string;
  hasArguments: boolean;
}

/**
 * Follows the tool calls of one choice. A piece says by its index which call it is of, and by its id when it opens
 * another: some servers leave the index out, some give every call the same one, some repeat id and name in each piece.
 */
export class CallReader {
  readonly #calls: Call[] = [];

  constructor(
    private readonly ids: CallIds,
    private readonly onOpen: (opens: OpenedPart) => number,
    private readonly onDelta: (part: number, delta: PartDelta) => void,
  ) {}

  /** The parts of the calls that are open. */
  parts(): number[] {
    return this.#calls.flatMap(({ part }) => part ?? []);
  }

  read(delta: Members): void {
    for (const piece of delta.objects('tool_calls')) this.#readPiece(piece);
    // Before there were tools a message had one call, and it had no id.
    const legacy = delta.object('function_call');
    if (legacy === undefined) return;
    const call =
      this.#calls.find(({ index }) => index === -1) ??
      this.#add({ at: legacy.at, index: -1, id: this.ids.functionCall });
    this.#extend(call, legacy);
  }

  /** A call without arguments takes none; one without a name was never one. */
  finish(losses: Losses): void {
    for (const { at, part, hasArguments, index } of this.#calls) {
      if (part === undefined && index !== -1) losses.add(at, 'the call names no function');
      if (part !== undefined && !hasArguments) this.onDelta(part, { text: '{}' });
    }
  }

  #readPiece(piece: Members): void {
    const index = piece.integer('index');
    const id = piece.string('id') || undefined;
    const type = piece.string('type') || (piece.has('custom') && !piece.has('function') ? 'custom' : 'function');
    if (type !== 'function') return piece.lose(whyNoTool(type));
    // Servers written in Go send an empty one beside the function.
    piece.ignore('custom');
    const called = piece.object('function');
    const name = called?.string('name') || undefined;
    const call = this.#find(index, id, name) ?? this.#add({ at: piece.at, index, id });
    const { signature } = readGoogleExtra(piece);
    if (called !== undefined || signature !== undefined) this.#extend(call, called, signature);
  }

  #find(index: number | undefined, id: string | undefined, name: string | undefined): Call | undefined {
    const last = index === undefined ? this.#calls.at(-1) : this.#calls.findLast((call) => call.index === index);
    if (id !== undefined) {
      // A call that opened without an id may get it later.
      const isOther = last?.id !== undefined && last.id !== id;
      return isOther ? this.#calls.find((call) => call.id === id) : last;
    }
    // Whole calls, one after another, without index and id.
    return index === undefined && name !== undefined ? undefined : last;
  }

  #add({ at, index, id }: Pick<Call, 'at' | 'index' | 'id'>): Call {
    const call = { at, index, id, held: '', hasArguments: false };
    this.#calls.push(call);
    return call;
  }

  #extend(call: Call, called: Members | undefined, signature?: string): void {
    const name = called?.string('name') || undefined;
    const text = called === undefined ? '' : argumentsOf(called);
    call.held += text;
    if (call.part === undefined && name !== undefined) {
      call.id ??= this.ids.call(call.at, this.#calls.indexOf(call));
      call.part = this.onOpen({ kind: 'tool-call', id: call.id, name, ...(signature !== undefined && { signature }) });
    } else if (call.part !== undefined && signature !== undefined) this.onDelta(call.part, { signature });
    if (call.part === undefined || call.held === '') return;
    this.onDelta(call.part, { text: call.held });
    call.held = '';
    call.hasArguments = true;
  }
}

function argumentsOf(called: Members): string {
  const given = called.value('arguments') ?? '';
  return typeof given === 'object' ? JSON.stringify(given) : (called.string('arguments') ?? '');
}
