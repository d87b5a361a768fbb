import { asObject, type JsonObject, objectsIn } from '#usage/json.js';

/** Letters of each script that tells languages apart, as Unicode has them: https://www.unicode.org/reports/tr24/ */
const letters = {
  arabic: /\p{Script=Arabic}/gu,
  bengali: /\p{Script=Bengali}/gu,
  cyrillic: /\p{Script=Cyrillic}/gu,
  devanagari: /\p{Script=Devanagari}/gu,
  greek: /\p{Script=Greek}/gu,
  han: /\p{Script=Han}/gu,
  hangul: /\p{Script=Hangul}/gu,
  hebrew: /\p{Script=Hebrew}/gu,
  kana: /[\p{Script=Hiragana}\p{Script=Katakana}]/gu,
  latin: /\p{Script=Latin}/gu,
  tamil: /\p{Script=Tamil}/gu,
  thai: /\p{Script=Thai}/gu,
} as const;
export type Script = keyof typeof letters;
export const scripts = Object.keys(letters) as [Script, ...Script[]];

/** Enough to see what is written. */
const MAX_CHARACTERS = 2_000;
/** Japanese is written in Han and kana; a text in Chinese has hardly any of these. */
const LEAST_KANA = 0.1;

/**
 * The script in which the user wrote last: the one with most of the letters. It stands for a language as far as a script
 * can: Russian and Ukrainian are both cyrillic, and all of Western Europe is latin.
 * @returns undefined where nothing was written.
 */
export function scriptOf(json: JsonObject): Script | undefined {
  const text = lastWritten(json).slice(0, MAX_CHARACTERS);
  const counts = scripts.map((script) => text.match(letters[script])?.length ?? 0);
  const most = Math.max(...counts);
  if (most === 0) return undefined;
  const [han, kana] = [counts[scripts.indexOf('han')]!, counts[scripts.indexOf('kana')]!];
  const script = scripts[counts.indexOf(most)]!;
  return script === 'han' && kana >= (han + kana) * LEAST_KANA ? 'kana' : script;
}

function lastWritten(json: JsonObject): string {
  for (const asked of [json['messages'], json['contents'], json['input'], json['prompt']]) {
    const text = typeof asked === 'string' ? asked : Array.isArray(asked) ? lastIn(asked as unknown[]) : '';
    if (text !== '') return text;
  }
  return '';
}

function lastIn(messages: readonly unknown[]): string {
  for (const message of messages.toReversed()) {
    const text = typeof message === 'string' ? message : textOf(asObject(message) ?? {});
    if (text !== '') return text;
  }
  return '';
}

/** A user may also answer with nothing but the result of a tool. Gemini's messages of the user need no role. */
function textOf({ role = 'user', content, parts }: JsonObject): string {
  if (role !== 'user') return '';
  if (typeof content === 'string') return content;
  const texts = objectsIn(content ?? parts).map(({ text }) => text);
  return texts.filter((text) => typeof text === 'string').join('\n');
}
