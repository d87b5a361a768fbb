import { asObject, objectsIn, type JsonObject } from '#usage/json.js';
import type { ChatEvent, OpenedPart, PartDelta, Stop } from '../chat/chat-answer.js';
import type { AssistantPart, ReasoningPart, TextPart, TokenLogprob, ToolCall } from '../chat/chat-request.js';
import type { Members } from '../chat/members.js';
import type { CallIds } from './call-ids.js';
import { carriedBy } from './joined-parts.js';
import { listOf } from './list-of.js';
import { readLogprobs } from './logprobs.js';
import { PartialArguments } from './partial-arguments.js';
import { ignoreRatings, isModels } from './read-answer.js';
import { readCitations } from './read-citations.js';
import { readPart } from './read-parts.js';
import { readFinishReason, readStop } from './stop-reason.js';
import { placeCitation } from './text-offsets.js';
import { unpackSignature } from './thought-signature.js';

interface Open {
  readonly kind: OpenedPart['kind'];
  /** A signature closes a part: Google forbids to put what it signed together with anything else. */
  isSigned: boolean;
  readonly args?: PartialArguments;
}

/** One candidate of a stream. Its chunks hold whole parts, and the pieces of one text are parts one after another. */
export class StreamedChoice {
  #open: Open | undefined;
  #parts = 0;
  /** What each text part says so far: citations are told by their offsets, at the end. */
  readonly #texts: string[] = [];
  #logprobs: readonly TokenLogprob[] = [];
  #hasCalls = false;
  #finishReason: string | undefined;
  #events: ChatEvent[] = [];

  constructor(
    private readonly index: number,
    private readonly calls: CallIds,
  ) {}

  get isFinished(): boolean {
    return this.#finishReason !== undefined;
  }

  read(candidate: Members): ChatEvent[] {
    const logprobs = candidate.object('logprobsResult');
    this.#logprobs = logprobs ? readLogprobs(logprobs) : [];
    const content = candidate.object('content');
    // It is the model's in any case.
    content?.ignore('role');
    for (const part of content ? listOf(content, 'parts') : []) this.#readPart(part);
    this.#leaveLogprobs(candidate);
    this.#cite(candidate);
    // Some models say STOP in every chunk: the last word counts.
    this.#finishReason = readFinishReason(candidate) ?? this.#finishReason;
    ignoreRatings(candidate, this.#finishReason);
    return this.#taken();
  }

  /** The stream is over, and in good order. */
  finish(losses: Members['losses']): ChatEvent[] {
    this.#close();
    const stop: Stop = readStop(this.#finishReason ?? 'STOP', this.#hasCalls, 'candidates.finishReason', losses);
    this.#events.push({ kind: 'stop', choice: this.index, stop });
    return this.#taken();
  }

  #readPart(members: Members): void {
    const call = asObject(members.value('functionCall'));
    if (call !== undefined && isPiece(call)) return this.#readCallPiece(call, members);
    const part = readPart(members, this.calls);
    if (part === undefined || !isModels(part, members)) return;
    if (part.kind === 'text' || part.kind === 'reasoning') this.#readText(part, members);
    else this.#readWhole(part);
  }

  #readText(piece: TextPart | ReasoningPart, { losses }: Members): void {
    const { kind, text } = piece;
    const { signature, ...carried } = carriedBy(piece);
    const isSigned = signature !== undefined || Object.keys(carried).length > 0;
    if (text === '' && !isSigned) return;
    const open = this.#open;
    const isNext =
      open?.kind === kind && !open.isSigned && carried.redacted === undefined && (!isSigned || text === '');
    if (!isNext) this.#openPart(kind === 'text' ? { kind } : { kind, ...carried });
    else if (Object.keys(carried).length > 0) losses.hint(piece.at, 'the id of a thought that was told before');
    if (kind === 'text') this.#texts[this.#texts.length - 1] += text;
    const logprobs = kind === 'text' ? this.#logprobs : [];
    if (kind === 'text') this.#logprobs = [];
    if (text !== '' || signature !== undefined || logprobs.length > 0) {
      this.#delta({
        ...(text !== '' && { text }),
        ...(signature !== undefined && { signature }),
        ...(logprobs.length > 0 && { logprobs }),
      });
    }
    this.#open!.isSigned = isSigned;
  }

  #readWhole(part: Exclude<AssistantPart, TextPart | ReasoningPart>): void {
    switch (part.kind) {
      case 'tool-call':
        this.#openCall(part);
        this.#delta({ text: part.arguments });
        break;
      case 'image':
        this.#openPart(part);
        break;
      // Gemini tells a refusal as text, if at all.
      case 'refusal':
        break;
    }
    this.#close();
  }

  #openCall({ id, name, signature }: Pick<ToolCall, 'id' | 'name' | 'signature'>, args?: PartialArguments): void {
    this.#hasCalls = true;
    this.#openPart({ kind: 'tool-call', id, name, ...(signature !== undefined && { signature }) }, args);
  }

  #readCallPiece(call: JsonObject, part: Members): void {
    const at = part.pathOf('functionCall');
    const { name, id } = call;
    const { signature } = unpackSignature(part.string('thoughtSignature'));
    if (typeof name === 'string') {
      const known = this.calls.called(typeof id === 'string' ? id : undefined, name);
      this.#openCall({ id: known, name, ...(signature !== undefined && { signature }) }, new PartialArguments());
    }
    const args = this.#open?.args;
    if (args === undefined) throw part.wrong('functionCall', 'the beginning of a call, with its name');
    if (Object.keys(asObject(call['args']) ?? {}).length > 0) {
      part.losses.add(`${at}.args`, 'the arguments of this call come in pieces');
    }
    const pieces = objectsIn(call['partialArgs']);
    for (const [index, piece] of pieces.entries()) args.add(piece, `${at}.partialArgs.${index}`);
    const goesOn = call['willContinue'] === true || pieces.some(({ willContinue }) => willContinue === true);
    if (!goesOn) this.#close();
  }

  #openPart(opens: OpenedPart, args?: PartialArguments): void {
    this.#close();
    this.#events.push({ kind: 'part', choice: this.index, part: this.#parts, opens });
    if (opens.kind === 'text') this.#texts.push('');
    this.#open = { kind: opens.kind, isSigned: false, ...(args && { args }) };
  }

  #delta(delta: PartDelta): void {
    this.#events.push({ kind: 'delta', choice: this.index, part: this.#parts, delta });
  }

  #close(): void {
    if (this.#open === undefined) return;
    if (this.#open.args !== undefined) this.#delta({ text: this.#open.args.text() });
    this.#events.push({ kind: 'part-end', choice: this.index, part: this.#parts });
    this.#open = undefined;
    this.#parts += 1;
  }

  #leaveLogprobs(candidate: Members): void {
    if (this.#logprobs.length === 0) return;
    if (this.#open?.kind === 'text') this.#delta({ logprobs: this.#logprobs });
    else candidate.losses.add(candidate.pathOf('logprobsResult'), 'there is no text whose tokens they are of');
  }

  #cite(candidate: Members): void {
    for (const citation of readCitations(candidate, [])) {
      const placed = placeCitation(this.#texts, citation);
      const isOpen = this.#open?.kind === 'text' && placed?.text === this.#texts.length - 1;
      if (placed !== undefined && isOpen) this.#delta({ citation: placed.citation });
      else candidate.losses.add(candidate.pathOf('groundingMetadata'), 'the text that its sources are for has passed');
    }
  }

  #taken(): ChatEvent[] {
    const events = this.#events;
    this.#events = [];
    return events;
  }
}

/** Whether more pieces of the same call come, or came before. */
function isPiece({ name, partialArgs, willContinue }: JsonObject): boolean {
  return typeof name !== 'string' || willContinue === true || partialArgs !== undefined;
}
