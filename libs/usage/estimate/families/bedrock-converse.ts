import { asObject, objectsIn, type JsonObject } from '../../json.js';
import { frameMessages, type Asked } from '../asked.js';
import type { EstimateFamily } from '../estimate-family.js';
import { pieces, toolCall, type Generated } from '../generated.js';

/**
 * https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html: an event is its own member,
 * or the event's type is in the frame's headers and the payload is the bare event.
 */
export const bedrockConverse: EstimateFamily = {
  answerMembers: ['output'],
  generates: true,
  ask(request, asked) {
    const messages = objectsIn(request['messages']);
    frameMessages(messages.length, asked);
    for (const block of objectsIn(request['system'])) askBlock(block, asked);
    for (const message of messages) for (const block of objectsIn(message['content'])) askBlock(block, asked);
    for (const tool of objectsIn(asObject(request['toolConfig'])?.['tools'])) asked.definition(tool['toolSpec']);
    asked.limit(asObject(request['inferenceConfig'])?.['maxTokens']);
  },
  generated(message) {
    const whole = asObject(asObject(message['output'])?.['message']);
    if (whole !== undefined) return objectsIn(whole['content']).flatMap(blockIn);
    const event = asObject(message['contentBlockDelta']) ?? asObject(message['contentBlockStart']) ?? message;
    const block = asObject(event['delta']) ?? asObject(event['start']);
    return block === undefined ? [] : blockIn(block, event['contentBlockIndex']);
  },
};

function blockIn(block: JsonObject, lane: unknown): Generated[] {
  const tool = asObject(block['toolUse']);
  const reasoning = asObject(block['reasoningContent']);
  const shown = reasoning?.['text'] ?? asObject(reasoning?.['reasoningText'])?.['text'];
  return [
    ...pieces(lane, {
      text: block['text'],
      reasoning: shown,
      uncounted: reasoning && 'reasoning, which may be a summary',
    }),
    ...toolCall(lane, tool?.['name'], tool?.['input']),
  ];
}

function askBlock(block: JsonObject, asked: Asked): void {
  const tool = asObject(block['toolUse']);
  const result = asObject(block['toolResult']);
  const reasoning = asObject(asObject(block['reasoningContent'])?.['reasoningText']);
  if (typeof block['text'] === 'string') return asked.text(block['text']);
  if (block['cachePoint'] !== undefined) return;
  if (block['json'] !== undefined) return asked.definition(block['json']);
  if (tool !== undefined) return asked.definition({ name: tool['name'], input: tool['input'] });
  if (result !== undefined) return objectsIn(result['content']).forEach((part) => askBlock(part, asked));
  if (reasoning !== undefined) return asked.text(reasoning['text']);
  asked.without(`a block of ${Object.keys(block).join(', ')}`);
}
