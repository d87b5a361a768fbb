import type { JsonObject } from '#usage/json.js';
import type { Target } from '../chat/chat-protocol.js';
import type { ChatRequest, FunctionTool, Message, ToolResult } from '../chat/chat-request.js';
import { tellCacheMark, writeContent } from './write-content.js';
import { itemsOf, writeItem } from './write-items.js';
import { writeSettings } from './write-settings.js';

export function writeRequest(request: ChatRequest, to: Target): JsonObject {
  const { model, stream, instructions, messages, tools, settings } = request;
  const [first, ...more] = instructions;
  if (first !== undefined) tellCacheMark(first, to);
  return {
    model: model ?? to.model,
    ...(first !== undefined && { instructions: first.text }),
    input: [...writeSystem(more, to), ...messages.flatMap((message) => writeMessage(message, to))],
    ...(tools.length > 0 && { tools: tools.map((tool) => writeTool(tool, to)) }),
    ...writeSettings(settings, to),
    // Nobody could fetch the answer: no other protocol keeps one.
    store: false,
    ...(stream !== undefined && { stream }),
  };
}

function writeMessage(message: Message, to: Target): JsonObject[] {
  const { at } = message;
  switch (message.role) {
    case 'system':
      return writeSystem(message.parts, to);
    case 'user':
      if (message.name !== undefined) to.losses.add(`${at}.name`, 'OpenAI responses know no names of participants');
      return [{ type: 'message', role: 'user', content: writeContent(message.parts, to) }];
    case 'assistant':
      return itemsOf(message.parts).map((parts, index) => {
        const idOf = (prefix: string) => `${prefix}_${to.id}_${at.replace(/\W/g, '_')}_${index}`;
        return writeItem(parts, { inAnswer: false, idOf, status: 'completed' }, to);
      });
    case 'tool':
      return message.parts.map((result) => writeResult(result, to));
  }
}

function writeSystem(parts: ChatRequest['instructions'], to: Target): JsonObject[] {
  return parts.length === 0 ? [] : [{ type: 'message', role: 'system', content: writeContent(parts, to) }];
}

function writeResult(result: ToolResult, to: Target): JsonObject {
  const { at, callId, parts, isError } = result;
  tellCacheMark(result, to);
  if (isError === true) to.losses.hint(at, 'that a tool failed is told by its result alone');
  const [first] = parts;
  const content = writeContent(parts, to);
  const isText = content.length === 1 && first?.kind === 'text';
  const output = content.length === 0 ? '' : isText ? first.text : content;
  return { type: 'function_call_output', call_id: callId, output };
}

/** Where chat's default is false the default here is true, so it is always said. */
function writeTool(tool: FunctionTool, to: Target): JsonObject {
  const { name, description, parameters, strict } = tool;
  tellCacheMark(tool, to);
  return {
    type: 'function',
    name,
    ...(description !== undefined && { description }),
    parameters: parameters ?? null,
    strict: strict ?? false,
  };
}
