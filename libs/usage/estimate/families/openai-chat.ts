import { asObject, objectsIn, type JsonObject } from '../../json.js';
import { frameMessages, type Asked } from '../asked.js';
import type { EstimateFamily } from '../estimate-family.js';
import { laneOf, pieces, toolCall, type Generated } from '../generated.js';
import { openaiImage } from '../image-tokens.js';

/** https://platform.openai.com/docs/api-reference/chat-streaming, and the members that others add to it. */
export const openaiChat: EstimateFamily = {
  answerMembers: ['choices'],
  generates: true,
  ask(request, asked) {
    const messages = objectsIn(request['messages']);
    frameMessages(messages.length, asked);
    for (const message of messages) askMessage(message, asked);
    for (const tool of objectsIn(request['tools'])) asked.definition(tool['function'] ?? tool);
    for (const definition of objectsIn(request['functions'])) asked.definition(definition);
    asked.definition(asObject(request['response_format'])?.['json_schema']);
    asked.limit(request['max_tokens']);
    asked.limit(request['max_completion_tokens'], request['n']);
  },
  generated(message) {
    return objectsIn(message['choices']).flatMap((choice, position) => {
      const said = asObject(choice['delta']) ?? asObject(choice['message']);
      return said === undefined ? [] : saidIn(said, laneOf(choice['index'] ?? position));
    });
  },
};

/** Also Cohere's messages, which have the same shape. */
export function askMessage(message: JsonObject, asked: Asked): void {
  asked.text(message['role']);
  asked.text(message['name']);
  // A name is set apart from the role: https://cookbook.openai.com/examples/how_to_count_tokens_with_tiktoken
  if (message['name'] !== undefined) asked.tokens += 1;
  asked.text(message['reasoning_content'] ?? message['tool_plan']);
  askContent(message['content'], asked);
  for (const call of objectsIn(message['tool_calls'])) {
    asked.text(asObject(call['function'])?.['name']);
    asked.text(asObject(call['function'])?.['arguments']);
  }
}

function askContent(content: unknown, asked: Asked): void {
  asked.text(content);
  for (const part of objectsIn(content)) {
    const image = part['image_url'];
    if (part['type'] === 'image_url') askImageUrl(asObject(image) ?? { url: image }, asked);
    else if (typeof part['text'] === 'string') asked.text(part['text']);
    else if (part['type'] === 'refusal') asked.text(part['refusal']);
    else if (part['type'] === 'document') asked.definition(part['document']);
    else asked.without(`a part of type ${String(part['type'])}`);
  }
}

export function askImageUrl({ url, detail }: JsonObject, asked: Asked): void {
  asked.image(url, openaiImage(asked.model, detail));
}

function saidIn(said: JsonObject, lane: string): Generated[] {
  const call = asObject(said['function_call']);
  const audio = asObject(said['audio']);
  return [
    ...contentIn(said['content'], lane),
    ...pieces(laneOf(lane, 'refusal'), { text: said['refusal'] }),
    ...reasoningIn(said, lane),
    ...objectsIn(said['tool_calls']).flatMap((one, position) => {
      const name = laneOf(lane, one['index'] ?? position);
      const made = asObject(one['function']) ?? asObject(one['custom']);
      return toolCall(name, made?.['name'], made?.['arguments'] ?? made?.['input']);
    }),
    ...toolCall(lane, call?.['name'], call?.['arguments']),
    ...pieces(lane, { text: audio?.['transcript'], uncounted: audio && 'audio' }),
    ...pieces(lane, { uncounted: objectsIn(said['images']).length > 0 ? 'an image' : undefined }),
  ];
}

/** Mistral gives a list of parts where it shows its thinking. */
function contentIn(content: unknown, lane: string): Generated[] {
  if (!Array.isArray(content)) return pieces(lane, { text: content });
  return objectsIn(content).flatMap((part) => [
    ...pieces(lane, { text: part['text'] }),
    ...objectsIn(part['thinking']).flatMap((thought) => pieces(lane, { reasoning: thought['text'] })),
  ]);
}

/** One text has several names, and OpenRouter gives it under two of them. */
function reasoningIn(said: JsonObject, lane: string): Generated[] {
  const plain = pieces(lane, { reasoning: said['reasoning_content'] ?? said['reasoning'] });
  return objectsIn(said['reasoning_details']).reduce((found, detail) => {
    if (detail['type'] === 'reasoning.encrypted')
      return [...found, ...pieces(lane, { uncounted: 'encrypted reasoning' })];
    return plain.length > 0 ? found : [...found, ...pieces(lane, { reasoning: detail['text'] ?? detail['summary'] })];
  }, plain);
}
