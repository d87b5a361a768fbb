import { tokenizerOf, type TokenizerChoice } from './tokenizer-of.js';

export interface Tokenizer {
  /** The method, as a record states it: the encoding, and its factor where the model has another one. */
  readonly name: string;
  /** Never more than the text has UTF-8 bytes. What looks like a special token is text. */
  count(text: string): number;
  /** The same count; others have their turn between two pieces of a long text. */
  countInTurns(text: string, letOthers: () => Promise<unknown>): Promise<number>;
  /** Tokens that an answer, and each call of a tool in it, has beside its text. */
  readonly answerTokens: number;
  readonly callTokens: number;
}

interface LoadedEncoding {
  countTokens(text: string, options: { disallowedSpecial: Set<string> }): number;
  setMergeCacheSize(entries: number): void;
}

/** Each is megabytes of text that takes 0.1-0.2 s to read, so it is read when first asked for. */
const load: Readonly<Record<TokenizerChoice['encoding'], () => Promise<LoadedEncoding>>> = {
  o200k_base: () => import('gpt-tokenizer/encoding/o200k_base'),
  o200k_harmony: () => import('gpt-tokenizer/encoding/o200k_harmony'),
  cl100k_base: () => import('gpt-tokenizer/encoding/cl100k_base'),
};

/** The tokenizer of a model's family, or the nearest there is. Loading it again is free. */
export async function loadTokenizer(model: string): Promise<Tokenizer> {
  const { encoding, percent, answerTokens, callTokens } = tokenizerOf(model);
  const loaded = await load[encoding]();
  // The library would keep the words of a hundred thousand prompts, for a speed that is not needed here.
  loaded.setMergeCacheSize(0);
  const countPart = (part: string) => loaded.countTokens(part, { disallowedSpecial: NONE });
  const own = (tokens: number, text: string) => Math.min(Math.ceil((tokens * percent) / 100), Buffer.byteLength(text));
  return {
    name: percent === 100 ? encoding : `${encoding} × ${percent}/100`,
    answerTokens,
    callTokens,
    count(text) {
      let tokens = 0;
      for (const part of windows(text)) tokens += countPart(part);
      return own(tokens, text);
    },
    async countInTurns(text, letOthers) {
      let [tokens, parts] = [0, 0];
      for (const part of windows(text)) {
        tokens += countPart(part);
        parts += 1;
        if (parts % PARTS_PER_TURN === 0) await letOthers();
      }
      return own(tokens, text);
    },
  };
}

/** At most some 10 ms. */
const PARTS_PER_TURN = 32;

const NONE = new Set<string>();

/**
 * The library's time grows with the square of a run without a word boundary (160 kB of one letter: 13 s). A longer run
 * is cut, which costs at most a token or so for each cut, and then takes a second per megabyte. Unit: UTF-16 code units.
 */
const MAX_WINDOW = 256;

/** Cuts before a space that begins a word, where both encodings cut anyway: the sum of the parts is the whole. */
function* windows(text: string): Generator<string> {
  let start = 0;
  while (text.length - start > MAX_WINDOW) {
    const end = wordBoundary(text, start) ?? hardCut(text, start + MAX_WINDOW);
    yield text.slice(start, end);
    start = end;
  }
  yield text.slice(start);
}

function wordBoundary(text: string, start: number): number | undefined {
  for (let at = start + MAX_WINDOW; at > start; at -= 1) {
    if (text[at] === ' ' && isWord(text.charCodeAt(at + 1)) && isWord(text.charCodeAt(at - 1))) return at;
  }
  return undefined;
}

const isWord = (code: number) => (code >= 0x61 && code <= 0x7a) || (code >= 0x41 && code <= 0x5a);

/** Half a surrogate pair would be counted as a replacement character. */
function hardCut(text: string, at: number): number {
  const code = text.charCodeAt(at);
  return code >= 0xdc00 && code <= 0xdfff ? at - 1 : at;
}
