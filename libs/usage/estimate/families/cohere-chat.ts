import { asObject, objectsIn } from '../../json.js';
import { frameMessages } from '../asked.js';
import type { EstimateFamily } from '../estimate-family.js';
import { pieces, toolCall } from '../generated.js';
import { askMessage } from './openai-chat.js';

/** https://docs.cohere.com/v2/reference/chat-stream, and version 1 with its `text-generation` events. */
export const cohereChat: EstimateFamily = {
  answerMembers: ['message', 'generations'],
  generates: true,
  ask(request, asked) {
    const messages = objectsIn(request['messages']);
    frameMessages(messages.length, asked);
    for (const message of messages) askMessage(message, asked);
    for (const turn of objectsIn(request['chat_history'])) asked.text(turn['message']);
    asked.text(request['preamble']);
    asked.text(request['message']);
    for (const tool of objectsIn(request['tools'])) asked.definition(tool['function'] ?? tool);
    for (const document of Array.isArray(request['documents']) ? (request['documents'] as unknown[]) : []) {
      asked.definition(document);
    }
    asked.limit(request['max_tokens']);
  },
  generated(message) {
    const lane = message['index'];
    const said = asObject(asObject(message['delta'])?.['message']) ?? asObject(message['message']);
    if (said === undefined)
      return message['event_type'] === 'stream-end' ? [] : pieces(lane, { text: message['text'] });
    const parts = asObject(said['content']) ? [said['content']] : said['content'];
    const calls = asObject(said['tool_calls']) ? [said['tool_calls']] : said['tool_calls'];
    return [
      ...objectsIn(parts).flatMap((part) => pieces(lane, { text: part['text'], reasoning: part['thinking'] })),
      ...pieces('plan', { text: said['tool_plan'] }),
      ...objectsIn(calls).flatMap((call, position) => {
        const made = asObject(call['function']);
        return toolCall(lane ?? position, made?.['name'], made?.['arguments']);
      }),
    ];
  },
};
