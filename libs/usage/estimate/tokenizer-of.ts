/** A public encoding, and how a model's own tokens follow from it. Measured: docs/decisions/0006-estimates.md. */
export interface TokenizerChoice {
  readonly encoding: 'o200k_base' | 'o200k_harmony' | 'cl100k_base';
  /** How many of its own tokens a model has for a hundred of the encoding's. */
  readonly percent: number;
  /** What frames an answer, such as the token that ends it. */
  readonly answerTokens: number;
  /** What frames each call of a tool beside its name and its arguments. */
  readonly callTokens: number;
}

function o200k(percent: number, answerTokens: number, callTokens: number): TokenizerChoice {
  return { encoding: 'o200k_base', percent, answerTokens, callTokens };
}

/** Opus 4.7 came with another tokenizer (its release notes: up to 1.35 times as many tokens) and larger images. */
export const CLAUDE_SINCE_4_7 = /claude-(opus-4[-.][789]|[a-z]+-[5-9])/;

/** The first that matches. A model may have a provider or a region before its name, and a date behind. */
const choices: readonly (readonly [model: RegExp, choice: TokenizerChoice])[] = [
  // Its channels are named in special tokens: https://cookbook.openai.com/articles/openai-harmony
  [/gpt-oss/, { encoding: 'o200k_harmony', percent: 100, answerTokens: 8, callTokens: 6 }],
  // https://github.com/openai/tiktoken/blob/main/tiktoken/model.py
  [
    /gpt-(3\.5|35)|gpt-4(?![.\do])|text-embedding|(davinci|babbage)-002/,
    { encoding: 'cl100k_base', percent: 100, answerTokens: 0, callTokens: 8 },
  ],
  [/gpt-5|(^|\/)o[134](-|$)/, o200k(100, 4, 7)],
  [/gpt-|chatgpt/, o200k(100, 1, 7)],
  [CLAUDE_SINCE_4_7, o200k(142, 2, 40)],
  [/claude-(instant|v?[23])/, o200k(117, 2, 40)],
  [/claude/, o200k(110, 3, 40)],
  [/gemini|gemma/, o200k(102, 0, 8)],
  [/deepseek/, o200k(102, 1, 35)],
  [/qwen|qwq/, o200k(102, 1, 13)],
  [/llama/, o200k(102, 1, 15)],
  [/(mi|ma|mini|code|dev)stral|mixtral|pixtral/, o200k(107, 1, 2)],
  [/glm/, o200k(103, 1, 2)],
  [/command/, o200k(101, 0, 1)],
  [/nova-/, o200k(100, 1, 11)],
];

/** What nobody measured is taken for the middle of what was. */
const unknown = o200k(103, 1, 10);

export function tokenizerOf(model: string): TokenizerChoice {
  const name = model.toLowerCase();
  return choices.find(([pattern]) => pattern.test(name))?.[1] ?? unknown;
}
