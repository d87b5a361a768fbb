import type { JsonObject } from '#usage/json.js';
import type { Target } from '../chat/chat-protocol.js';
import type { ChatRequest, Message, TextPart } from '../chat/chat-request.js';
import { writeAssistantPart, writeText, writeToolResult, writeUserPart } from './write-blocks.js';
import { writeSettings } from './write-settings.js';

/** What one side says before the other speaks. Results stand first: Anthropic takes them nowhere else. */
interface Turn {
  readonly role: 'user' | 'assistant';
  readonly results: JsonObject[];
  readonly blocks: JsonObject[];
}

export function writeRequest(request: ChatRequest, to: Target): JsonObject {
  const { turns, late } = writeTurns(request.messages, to);
  if (turns.length === 0) to.losses.add('messages', 'nobody says anything but the system prompt');
  const system = [...request.instructions, ...late].flatMap((part) => writeText(part, to));
  return {
    model: request.model ?? to.model,
    ...(system.length > 0 && { system }),
    messages: turns.map(({ role, results, blocks }) => ({ role, content: [...results, ...blocks] })),
    ...writeSettings(request, to),
    ...(request.stream === true && { stream: true }),
  };
}

/** Sides alternate. A system message within the conversation moves to the system prompt, where it can be told. */
function writeTurns(messages: readonly Message[], to: Target): { turns: Turn[]; late: TextPart[] } {
  const turns: Turn[] = [];
  const late = messages.flatMap((message) => {
    if (message.role !== 'system') return [];
    to.losses.add(message.at, 'its place in the conversation');
    return message.parts;
  });
  for (const message of messages) {
    if (message.role === 'system') continue;
    const said = writeTurn(message, to);
    // Nothing was said: Anthropic refuses an empty turn.
    if (said.results.length + said.blocks.length === 0) continue;
    const last = turns.at(-1);
    if (last?.role === said.role) {
      for (const result of said.results) last.results.push(result);
      for (const block of said.blocks) last.blocks.push(block);
    } else {
      turns.push(said);
    }
  }
  return { turns, late };
}

function writeTurn(message: Exclude<Message, { role: 'system' }>, to: Target): Turn {
  switch (message.role) {
    case 'assistant':
      return { role: 'assistant', results: [], blocks: message.parts.flatMap((part) => writeAssistantPart(part, to)) };
    case 'tool':
      return { role: 'user', results: message.parts.map((result) => writeToolResult(result, to)), blocks: [] };
    case 'user':
      if (message.name !== undefined) to.losses.add(`${message.at}.name`, 'its users have no names');
      return { role: 'user', results: [], blocks: message.parts.flatMap((part) => writeUserPart(part, to)) };
  }
}
