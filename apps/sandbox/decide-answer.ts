import { createHash } from 'node:crypto';
import type { Directives } from './directives.js';
import { directiveRefused } from './sandbox-error.js';

/** The length of an answer to a request that sets no limit. */
const defaultOutputTokens = 16;
/** As the largest of today's models: more is refused, as they do. */
export const maxOutputTokens = 128_000;

/** What the sandbox understands of a request, whichever protocol it came in. */
export interface Ask {
  readonly model: string;
  /** Words of every message and system text: the sandbox's tokens. */
  readonly words: number;
  /** The most tokens that the answer may have, where the request says so. */
  readonly outputLimit?: number;
  readonly tier?: string;
  readonly stream: boolean;
  /** OpenAI only: end the stream with a chunk of usage. */
  readonly includeUsage: boolean;
}

/** What will be said and counted. It follows from the request alone: equal requests have equal answers. */
export interface Answer {
  /** SHA-256 of the request's body, in hex: what ids are taken from. */
  readonly hash: string;
  readonly model: string;
  /** All input, cache reads and writes included. */
  readonly inputTokens: number;
  readonly cachedTokens: number;
  readonly cacheWrite5m: number;
  readonly cacheWrite1h: number;
  /** All output, reasoning included. */
  readonly outputTokens: number;
  readonly reasoningTokens: number;
  /** Whether the request's own limit ended the answer. */
  readonly limited: boolean;
  readonly tier?: string;
}

/** @throws SandboxError 400 when the directives contradict each other: no provider reports such a usage. */
export function decideAnswer(body: Uint8Array, ask: Ask, directives: Directives): Answer {
  const inputTokens = directives['input-tokens'] ?? ask.words;
  const outputTokens = directives['output-tokens'] ?? ask.outputLimit ?? defaultOutputTokens;
  const cachedTokens = directives['cached-tokens'] ?? 0;
  const cacheWrite5m = directives['cache-write-5m'] ?? 0;
  const cacheWrite1h = directives['cache-write-1h'] ?? 0;
  const reasoningTokens = directives['reasoning-tokens'] ?? 0;
  const cache = cachedTokens + cacheWrite5m + cacheWrite1h;
  if (cache > inputTokens) {
    throw directiveRefused(
      `${cache} cached and cache-write tokens are more than the ${inputTokens} of input: set input-tokens.`,
    );
  }
  if (reasoningTokens > outputTokens) {
    throw directiveRefused(
      `${reasoningTokens} reasoning tokens are more than the ${outputTokens} of output: set output-tokens.`,
    );
  }
  const tier = directives.tier ?? ask.tier;
  return {
    hash: createHash('sha256').update(body).digest('hex'),
    model: directives.model ?? ask.model,
    inputTokens,
    cachedTokens,
    cacheWrite5m,
    cacheWrite1h,
    outputTokens,
    reasoningTokens,
    limited: outputTokens === ask.outputLimit,
    ...(tier === undefined ? {} : { tier }),
  };
}

const vocabulary =
  'a toll is paid once for each word that passes the gate and every word that passed is on the list of the keeper'.split(
    ' ',
  );

/** A stream says this many words per event. */
const wordsPerPiece = 4;

/** The words of the answer (one per token that is not reasoning), in the pieces in which a stream says them. */
export function answerPieces(answer: Answer): string[] {
  const words = answer.outputTokens - answer.reasoningTokens;
  // Not from the hash: a question has the same answer streamed and not.
  const first = answer.inputTokens;
  const pieces: string[] = [];
  for (let said = 0; said < words; said += wordsPerPiece) {
    let piece = '';
    for (let word = said; word < Math.min(said + wordsPerPiece, words); word += 1) {
      piece += `${word === 0 ? '' : ' '}${vocabulary[(first + word) % vocabulary.length]}`;
    }
    pieces.push(piece);
  }
  return pieces;
}

/** The sandbox's tokenizer: one token per whitespace-separated word. */
export function countWords(text: string): number {
  return text.match(/\S+/g)?.length ?? 0;
}

/** Output tokens after so many pieces: what a cumulative usage says in mid-stream. */
export function outputTokensAfter(answer: Answer, pieces: number): number {
  return Math.min(answer.reasoningTokens + pieces * wordsPerPiece, answer.outputTokens);
}
