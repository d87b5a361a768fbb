import { countIn, nameIn, type Note } from './count.js';
import { asObject, objectsIn, present, type JsonObject } from './json.js';
import { openaiSegment, responsesWords } from './openai-tokens.js';
import { providerCostIn } from './provider-cost.js';
import type { UsageSegment } from './usage.js';
import type { Counted, CountingContext, Told, UsageFamily } from './usage-family.js';
import { isDone } from './done-event.js';

/**
 * Images. gpt-image is charged by the token; DALL·E, Imagen and Grok by the image, which the answer itself shows.
 * https://platform.openai.com/docs/api-reference/images https://docs.x.ai/docs/guides/image-generations
 * https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/imagen-api
 */
export const images: UsageFamily = {
  usageMembers: ['usage'],
  hearAnswer(answer, told, note) {
    hear(answer, told, note);
    told.units = present({ images: imagesIn(answer) });
  },
  hearEvent(message, told, note) {
    hear(message, told, note);
    // image_generation.completed and image_edit.completed; the partial images before it are charged as its tokens.
    if (typeof message['type'] !== 'string' || !message['type'].endsWith('.completed')) return;
    told.units = { images: (told.units?.images ?? 0) + 1 };
    told.atEnd = true;
  },
  isEnd: isDone,
  count,
};

function hear(message: JsonObject, told: Told, note: Note): void {
  told.model = nameIn(message, 'model', note) ?? told.model;
  told.usage = asObject(message['usage']) ?? told.usage;
}

/** What Imagen filters out is named but not made, and not charged. */
function imagesIn(answer: JsonObject): number | undefined {
  if (!Array.isArray(answer['data'] ?? answer['predictions'])) return undefined;
  return objectsIn(answer['data'] ?? answer['predictions']).filter((image) => image['raiFilteredReason'] === undefined)
    .length;
}

function count(usage: JsonObject, { told, note }: CountingContext): Counted {
  const providerCost = providerCostIn(usage, note);
  const input = countIn(usage, 'input_tokens', note);
  const output = countIn(usage, 'output_tokens', note);
  const tokens =
    input === undefined && output === undefined ? undefined : openaiSegment(usage, responsesWords, {}, note);
  // Where tokens are told they are what is charged: the images as well would be charged twice. Some gateways put
  // zeros beside images that are charged by the piece.
  const isByImage = (input ?? 0) + (output ?? 0) === 0;
  return {
    segments: tokens === undefined ? [] : [isSplit(usage) ? tokens.segment : drawn(tokens.segment)],
    units: isByImage ? told.units : undefined,
    providerCost,
    complete: tokens?.complete ?? told.units?.images !== undefined,
  };
}

const isSplit = (usage: JsonObject) => asObject(usage['output_tokens_details']) !== undefined;

/** Before output was split, all of it was image. */
function drawn({ out, ...segment }: UsageSegment): UsageSegment {
  return { ...segment, out: present({ image: out.text }) ?? {} };
}
