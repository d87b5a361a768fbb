import type { JsonObject } from '#usage/json.js';
import type { ChatAnswer, Choice } from '../chat/chat-answer.js';
import type { Target } from '../chat/chat-protocol.js';
import { writeLogprobs } from './logprobs.js';
import { packSignature } from './thought-signature.js';
import { writeStop } from './stop-reason.js';
import { writeCitations } from './write-citations.js';
import { writeAssistantPart } from './write-parts.js';
import { writeUsage } from './write-usage.js';

/** https://ai.google.dev/api/generate-content#generatecontentresponse */
export function writeAnswer(answer: ChatAnswer, to: Target): JsonObject {
  const usageMetadata = answer.usage && writeUsage(answer.usage);
  return {
    candidates: answer.choices.map((choice) => writeCandidate(choice, to)),
    ...(usageMetadata && { usageMetadata }),
    ...writeHead(answer, to),
  };
}

/** What a whole answer and each chunk of a stream tell beside the candidates. */
export function writeHead({ id, model, createdAt }: Omit<ChatAnswer, 'choices'>, to: Target): JsonObject {
  const created = new Date((createdAt ?? to.now) * 1000);
  // A time that no date reaches is an upstream's mistake.
  const time = Number.isNaN(created.getTime()) ? new Date(to.now * 1000) : created;
  return {
    modelVersion: model ?? to.model,
    createTime: time.toISOString(),
    responseId: id ?? to.id,
  };
}

function writeCandidate({ index, parts, stop }: Choice, to: Target): JsonObject {
  const texts = parts.flatMap((part) => (part.kind === 'text' ? [part] : []));
  const logprobsResult = writeLogprobs(texts.flatMap(({ logprobs }) => logprobs ?? []));
  const groundingMetadata = writeCitations(texts);
  return {
    content: {
      parts: parts.map((part) => writeAssistantPart(part, packSignature, to)).filter((part) => part !== undefined),
      role: 'model',
    },
    ...(stop && { finishReason: writeStop(stop, to.losses) }),
    index,
    ...(logprobsResult && { logprobsResult }),
    ...(groundingMetadata && { groundingMetadata }),
  };
}
