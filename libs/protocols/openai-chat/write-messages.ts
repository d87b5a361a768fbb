import type { JsonObject } from '#usage/json.js';
import type { Target } from '../chat/chat-protocol.js';
import type { AssistantPart, Message, TextPart, ToolResult } from '../chat/chat-request.js';
import { writeContent } from './write-content.js';
import { isOfKind, writeReply } from './write-reply.js';

/** One message, or one for each tool result. */
export function writeMessage(message: Message, to: Target): JsonObject[] {
  switch (message.role) {
    case 'system':
      return [{ role: 'system', content: writeContent(message.parts, to) }];
    case 'user': {
      const { name, parts } = message;
      return [{ role: 'user', ...(name !== undefined && { name }), content: writeContent(parts, to) }];
    }
    case 'assistant':
      return [writeTurn(message.parts, to)];
    case 'tool':
      return message.parts.map((result) => writeResult(result, to));
  }
}

/** A past turn. Unlike an answer it takes several texts, and neither images nor citations. */
function writeTurn(parts: readonly AssistantPart[], to: Target): JsonObject {
  const kept = parts.filter((part) => {
    if (part.kind === 'image') to.losses.add(part.at, 'OpenAI chat takes no image in a turn of the assistant');
    else if (part.cache !== undefined) to.losses.hint(part.at, 'OpenAI caches prompts without a mark');
    return part.kind !== 'image';
  });
  const reply = writeReply(kept, to);
  const texts = kept.filter(isOfKind('text'));
  for (const { citations = [], at } of texts) {
    if (citations.length > 0) to.losses.hint(at, 'the citations of a past answer are not told again');
  }
  return { role: 'assistant', ...reply, ...(texts.length > 1 && { content: texts.map(writeText) }) };
}

const writeText = ({ text }: TextPart) => ({ type: 'text', text });

function writeResult({ callId, parts, isError, at }: ToolResult, to: Target): JsonObject {
  if (isError === true) to.losses.hint(at, 'that the call failed is said by the text of its result alone');
  const texts = parts.filter((part) => {
    if (part.kind !== 'text')
      to.losses.add(part.at, `OpenAI chat takes text as the result of a tool, and no ${part.kind}`);
    return part.kind === 'text';
  });
  return { role: 'tool', tool_call_id: callId, content: writeContent(texts, to) };
}
