import { countBilledUnits } from './cohere-billed-units.js';
import { countIn, nameIn, type Note } from './count.js';
import { countGemini, embedContentNames, generateContentNames } from './gemini-tokens.js';
import { asObject, objectsIn, present, type JsonObject } from './json.js';
import { chatWords, openaiSegment } from './openai-tokens.js';
import type { Counted, CountingContext, Told, UsageFamily } from './usage-family.js';

/**
 * Embeddings. There is no output to count: an answer is complete when its input is told. Each provider tells it in its
 * own place:
 * OpenAI, Azure, Mistral and Jina usage.prompt_tokens, https://platform.openai.com/docs/api-reference/embeddings
 * Voyage usage.total_tokens alone, https://docs.voyageai.com/reference/embeddings-api
 * Cohere meta.billed_units, https://docs.cohere.com/reference/embed
 * Gemini usageMetadata or nothing at all, https://ai.google.dev/api/embeddings
 * Vertex statistics of each prediction, https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/text-embeddings-api
 * Amazon Titan inputTextTokenCount, https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-titan-embed-text.html
 * Ollama prompt_eval_count, https://docs.ollama.com/api/embed
 */
export const embeddings: UsageFamily = {
  usageMembers: ['usage'],
  hearAnswer: hear,
  hearEvent: hear,
  isEnd: () => false,
  count,
};

/** Counts that some providers put beside the vectors, in no object of their own. */
const TOP_LEVEL_COUNTS = ['inputTextTokenCount', 'prompt_eval_count'];

function hear(answer: JsonObject, told: Told, note: Note): void {
  told.model = nameIn(answer, 'model', note) ?? told.model;
  told.usage =
    asObject(answer['usage']) ??
    asObject(answer['usageMetadata']) ??
    asObject(answer['meta']) ??
    predicted(answer) ??
    topLevel(answer);
}

/** What Vertex tells of a prediction: the statistics of each text, and the characters of all. */
function predicted(answer: JsonObject): JsonObject | undefined {
  const statistics = objectsIn(answer['predictions']).flatMap((prediction) => {
    const told = asObject(asObject(prediction['embeddings'])?.['statistics']);
    return told === undefined ? [] : [told];
  });
  const metadata = asObject(answer['metadata']);
  return statistics.length === 0 && metadata === undefined ? undefined : { ...metadata, statistics };
}

function topLevel(answer: JsonObject): JsonObject | undefined {
  const found = TOP_LEVEL_COUNTS.filter((name) => answer[name] !== undefined);
  return found.length === 0 ? undefined : Object.fromEntries(found.map((name) => [name, answer[name]]));
}

function count(usage: JsonObject, { note }: CountingContext): Counted {
  const { segments, units } = counted(usage, note);
  return { segments, units, complete: segments.length > 0 || units !== undefined };
}

function counted(usage: JsonObject, note: Note): Pick<Counted, 'segments' | 'units'> {
  if (asObject(usage['billed_units']) !== undefined) return countBilledUnits(usage, note);
  if (usage['promptTokenCount'] !== undefined) {
    const isEmbedContent = usage['promptTokenDetails'] !== undefined;
    return countGemini(usage, isEmbedContent ? embedContentNames : generateContentNames, note);
  }
  const characters = countIn(usage, 'billableCharacterCount', note);
  const input = inputOf(usage, note);
  const inOpenaiPlaces = { ...usage, prompt_tokens: input, prompt_tokens_details: detailsOf(usage, input, note) };
  return {
    segments: input === undefined ? [] : [openaiSegment(inOpenaiPlaces, chatWords, {}, note).segment],
    units: present({ characters }),
  };
}

function inputOf(usage: JsonObject, note: Note): number | undefined {
  const names = ['prompt_tokens', 'total_tokens', ...TOP_LEVEL_COUNTS];
  for (const name of names) {
    const told = countIn(usage, name, note);
    if (told !== undefined) return told;
  }
  const texts = objectsIn(usage['statistics'])
    .map((statistics) => countIn(statistics, 'token_count', note))
    .filter((told) => told !== undefined);
  return texts.length === 0 ? undefined : texts.reduce((all, one) => all + one, 0);
}

/** Voyage turns pixels into tokens and tells those of the text: the others are the images'. */
function detailsOf(usage: JsonObject, input = 0, note: Note): unknown {
  const text = countIn(usage, 'text_tokens', note);
  if (text === undefined || usage['image_pixels'] === undefined) return usage['prompt_tokens_details'];
  return { image_tokens: Math.max(0, input - text) };
}
