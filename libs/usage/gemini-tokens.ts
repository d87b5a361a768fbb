import { countIn, Division, type Note } from './count.js';
import { objectsIn, present, type JsonObject } from './json.js';
import type { Modality } from './usage.js';
import type { Counted } from './usage-family.js';

/** How one of Google's APIs names a count, and the list that splits it by modality. */
export interface SplitCount {
  readonly count: string;
  readonly split: string;
}

/** The two APIs count alike under different names. */
export interface GeminiNames {
  readonly prompt: SplitCount;
  readonly cached: SplitCount;
  readonly output: SplitCount;
  readonly thoughts: string;
  readonly toolPrompt: string;
  readonly total: string;
  /** The count within an entry of a split. */
  readonly entryCount: string;
}

export const generateContentNames: GeminiNames = {
  prompt: { count: 'promptTokenCount', split: 'promptTokensDetails' },
  cached: { count: 'cachedContentTokenCount', split: 'cacheTokensDetails' },
  output: { count: 'candidatesTokenCount', split: 'candidatesTokensDetails' },
  thoughts: 'thoughtsTokenCount',
  toolPrompt: 'toolUsePromptTokenCount',
  total: 'totalTokenCount',
  entryCount: 'tokenCount',
};

export const interactionNames: GeminiNames = {
  prompt: { count: 'total_input_tokens', split: 'input_tokens_by_modality' },
  cached: { count: 'total_cached_tokens', split: 'cached_tokens_by_modality' },
  output: { count: 'total_output_tokens', split: 'output_tokens_by_modality' },
  thoughts: 'total_thought_tokens',
  toolPrompt: 'total_tool_use_tokens',
  total: 'total_tokens',
  entryCount: 'tokens',
};

/** What embeds spells the split of its prompt otherwise. https://ai.google.dev/api/embeddings#UsageMetadata */
export const embedContentNames: GeminiNames = {
  ...generateContentNames,
  prompt: { count: 'promptTokenCount', split: 'promptTokenDetails' },
};

type ByModality = Partial<Record<Modality, number>>;

/**
 * A page of a document is read as an image, and charged as one.
 * https://ai.google.dev/gemini-api/docs/document-processing
 * What is not specified is text, says the SDK's MediaModality.
 */
const MODALITIES: Readonly<Record<string, Modality>> = {
  text: 'text',
  modality_unspecified: 'text',
  image: 'image',
  document: 'image',
  audio: 'audio',
  video: 'video',
};

/** A client that asks for `enum-encoding=int`, as Google's own Vertex libraries do, gets numbers for names. */
const NUMBERED = ['modality_unspecified', 'text', 'image', 'video', 'audio', 'document'];

/**
 * The prompt includes what came from the cache; output excludes thoughts; what a tool answered is counted beside the
 * prompt. The total is prompt + output + thoughts + tool prompt.
 */
export function countGemini(usage: JsonObject, names: GeminiNames, note: Note): Pick<Counted, 'segments' | 'complete'> {
  const counts = {
    prompt: countIn(usage, names.prompt.count, note),
    output: countIn(usage, names.output.count, note),
    thoughts: countIn(usage, names.thoughts, note),
    toolPrompt: countIn(usage, names.toolPrompt, note),
  };
  const total = countIn(usage, names.total, note);
  const sum = (counts.prompt ?? 0) + (counts.output ?? 0) + (counts.thoughts ?? 0) + (counts.toolPrompt ?? 0);
  if (total !== undefined && total !== sum) {
    note('total_mismatch', `${names.total} is ${total}, but its parts add up to ${sum}.`);
  }
  const { cacheRead, fresh } = inputOf(usage, names, note);
  const { audio, image, text } = outputOf(usage, names, note);
  return {
    segments: [
      {
        in: present({ cacheRead, fresh, toolPrompt: counts.toolPrompt }) ?? {},
        kind: 'main',
        out: present({ audio, image, reasoning: counts.thoughts, text }) ?? {},
      },
    ],
    // Google leaves out what is zero, such as the output of a prompt that was blocked: a total that the other counts
    // make up already says that nothing is missing.
    complete: total === sum || (counts.prompt !== undefined && counts.output !== undefined),
  };
}

function inputOf(usage: JsonObject, names: GeminiNames, note: Note) {
  const { prompt, cached } = names;
  const division = new Division(prompt.count, countIn(usage, prompt.count, note), note);
  const cachedCount = division.take(cached.count, countIn(usage, cached.count, note));
  const cacheRead = divided(cached, cachedCount, splitOf(usage, cached, names, note), note);
  const uncached = without(splitOf(usage, prompt, names, note), cacheRead ?? {}, prompt, note);
  const fresh = divided(prompt, division.rest(), uncached, note);
  return { cacheRead, fresh };
}

function outputOf(usage: JsonObject, names: GeminiNames, note: Note): ByModality {
  const { output } = names;
  const { video, ...split } = splitOf(usage, output, names, note);
  if (video !== undefined) note('modality_unknown', `${output.split} has video, which no answer holds.`);
  return divided(output, countIn(usage, output.count, note), split, note) ?? {};
}

function modalityOf(named: unknown): Modality | undefined {
  const name = typeof named === 'number' ? NUMBERED[named] : (named ?? 'modality_unspecified');
  return typeof name === 'string' ? MODALITIES[name.toLowerCase()] : undefined;
}

/** Two entries of one modality are two parts of it, such as documents and images. */
function splitOf(usage: JsonObject, { split }: SplitCount, { entryCount }: GeminiNames, note: Note): ByModality {
  const tokens: ByModality = {};
  for (const entry of objectsIn(usage[split])) {
    const count = countIn(entry, entryCount, note);
    if (count === undefined) continue;
    const known = modalityOf(entry['modality']);
    if (known === undefined) note('modality_unknown', `${split} has ${count} tokens of an unknown modality.`);
    const modality = known ?? 'text';
    tokens[modality] = (tokens[modality] ?? 0) + count;
  }
  return tokens;
}

/** The parts of the prompt that did not come from the cache. */
function without(split: ByModality, cached: ByModality, { split: name }: SplitCount, note: Note): ByModality {
  const left: ByModality = {};
  for (const [modality, count] of Object.entries(split) as [Modality, number][]) {
    const fromCache = cached[modality] ?? 0;
    if (fromCache > count) {
      note('part_exceeds_whole', `${fromCache} ${modality} tokens are cached, but ${name} has ${count}.`);
    }
    left[modality] = Math.max(0, count - fromCache);
  }
  return left;
}

/** Divides a count as its split says. The split may be short of it, or more: the count is what is charged. */
function divided(name: SplitCount, whole: number | undefined, split: ByModality, note: Note): ByModality | undefined {
  if (whole === undefined) return present(split);
  const division = new Division(name.count, whole, note);
  const { text = 0, ...rich } = split;
  const taken: ByModality = {};
  for (const [modality, count] of Object.entries(rich) as [Modality, number][]) {
    taken[modality] = division.take(`${name.split} ${modality}`, count) ?? 0;
  }
  const rest = division.rest() ?? 0;
  if (text > rest) division.take(`${name.split} text`, text);
  if (text < rest && Object.keys(split).length > 0) {
    note('parts_incomplete', `${name.split} leaves ${rest - text} of ${whole} out: they are taken for text.`);
  }
  taken.text = rest;
  return taken;
}
