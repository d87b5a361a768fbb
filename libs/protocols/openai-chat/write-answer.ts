import type { JsonObject } from '#usage/json.js';
import type { ChatAnswer, Choice } from '../chat/chat-answer.js';
import type { Target } from '../chat/chat-protocol.js';
import type { TextPart } from '../chat/chat-request.js';
import { writeAnnotation } from './citations.js';
import { writeLogprobs } from './logprobs.js';
import { writeFinish } from './stop-reason.js';
import { writeImage } from './write-content.js';
import { isOfKind, writeReply } from './write-reply.js';
import { writeUsage } from '../openai/write-usage.js';

export function writeAnswer({ id, model, createdAt, choices, usage, serviceTier }: ChatAnswer, to: Target): JsonObject {
  const counted = usage && writeUsage(usage);
  return {
    id: id ?? to.id,
    object: 'chat.completion',
    created: createdAt ?? to.now,
    model: model ?? to.model,
    choices: choices.map((choice) => writeChoice(choice, to)),
    ...(counted !== undefined && { usage: counted }),
    ...(serviceTier !== undefined && { service_tier: serviceTier }),
  };
}

function writeChoice({ index, parts, stop }: Choice, to: Target): JsonObject {
  const texts = parts.filter(isOfKind('text'));
  const annotations = writeAnnotations(texts);
  const images = parts.filter(isOfKind('image')).flatMap((image) => writeImage(image, to));
  const logprobs = texts.flatMap((text) => text.logprobs ?? []);
  const reply = writeReply(parts, to);
  const held = { calls: 'tool_calls' in reply, refusal: 'refusal' in reply };
  return {
    index,
    message: {
      role: 'assistant',
      refusal: null,
      ...reply,
      ...(annotations.length > 0 && { annotations }),
      // As OpenRouter gives pictures: OpenAI itself draws none here.
      ...(images.length > 0 && { images }),
    },
    logprobs: logprobs.length === 0 ? null : writeLogprobs(logprobs),
    ...(stop === undefined ? { finish_reason: null } : writeFinish(stop, held, to)),
  };
}

/** The texts become one, so what is cited moves by the length of what stands before. */
function writeAnnotations(texts: readonly TextPart[]): JsonObject[] {
  let before = 0;
  return texts.flatMap(({ text, citations = [] }) => {
    const written = citations.map((citation) => writeAnnotation(citation, before));
    before += text.length;
    return written;
  });
}
