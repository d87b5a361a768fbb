import { asObject } from '../json.js';
import { PLAIN_TEXT } from '../plain-text.js';
import { imageSize } from './image-size.js';
import type { ImageRule } from './image-tokens.js';

/** What a request gives a model to read. It is filled while the request is walked, and read when it is counted. */
export class Asked {
  constructor(readonly model: string) {}

  readonly texts: string[] = [];
  /** What a model reads besides, and whose tokens cannot be told from the request. */
  readonly uncounted: string[] = [];
  /** Tokens that are known without a tokenizer: a prompt given as tokens, an image whose rule is documented. */
  tokens = 0;
  /** The most that one answer may have by the request's own word. Unit: tokens. */
  maxOutputTokens: number | undefined;
  /** How many answers were asked for. */
  answers = 1;

  text(value: unknown): void {
    if (typeof value === 'string' && value !== '') this.texts.push(value);
  }

  /** A definition that the model reads in a form of the provider's own; its JSON is about as long. */
  definition(value: unknown): void {
    if (value !== undefined && value !== null) this.texts.push(JSON.stringify(value));
  }

  image(source: unknown, rule: ImageRule | undefined): void {
    const size = rule && imageSize(source);
    if (size === undefined) this.without('an image whose size is not in the request or whose rule is not known');
    else this.tokens += rule?.(size) ?? 0;
  }

  /** @param what is shown in an anomaly: it may repeat a word of the request that says what something is. */
  without(what: string): void {
    const shown = what.length <= MAX_WHAT && PLAIN_TEXT.test(what) ? what : 'a part of a kind that is not known';
    if (this.uncounted.length < MAX_UNCOUNTED && !this.uncounted.includes(shown)) this.uncounted.push(shown);
  }

  /** Of two limits the larger counts: which of them an upstream reads is not known. */
  limit(maxOutputTokens: unknown, answers?: unknown): void {
    if (isCount(maxOutputTokens)) this.maxOutputTokens = Math.max(this.maxOutputTokens ?? 0, maxOutputTokens);
    if (isCount(answers) && answers > 1) this.answers = answers;
  }
}

const MAX_UNCOUNTED = 5;
const MAX_WHAT = 80;

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0;
}

/**
 * The tokens that frame each message, and that prime the answer, in OpenAI's chat format. Others do not document theirs.
 * https://cookbook.openai.com/examples/how_to_count_tokens_with_tiktoken
 */
const MESSAGE_TOKENS = 3;

export function frameMessages(messages: number, asked: Asked): void {
  if (messages > 0) asked.tokens += (messages + 1) * MESSAGE_TOKENS;
}

/** Text, a list of texts, token ids, or lists of those: what completions and embeddings take. */
export function askPrompts(prompt: unknown, asked: Asked): void {
  if (!Array.isArray(prompt)) return asked.text(prompt);
  for (const one of prompt) {
    if (typeof one === 'number') asked.tokens += 1;
    else if (asObject(one) !== undefined) asked.without('an input that is not text');
    else askPrompts(one, asked);
  }
}
