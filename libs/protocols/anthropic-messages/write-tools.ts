import type { JsonObject } from '#usage/json.js';
import type { Target } from '../chat/chat-protocol.js';
import type { ChatRequest, FunctionTool, JsonSchema, ToolChoice } from '../chat/chat-request.js';
import { writeCache } from './cache-control.js';

/** `tools` and `tool_choice`, which Anthropic takes together only. */
export function writeTools(request: ChatRequest, to: Target): JsonObject {
  const { toolChoice, parallelToolCalls } = request.settings;
  const tools = availableTools(request, to);
  if (tools.length === 0) {
    if (toolChoice !== undefined) to.losses.hint(to.settingNames.toolChoice, 'there are no tools');
    if (parallelToolCalls !== undefined) to.losses.hint(to.settingNames.parallelToolCalls, 'there are no tools');
    return {};
  }
  const written = { tools: tools.map(writeTool) };
  if (toolChoice === undefined && parallelToolCalls === undefined) return written;
  const choice = writeChoice(toolChoice);
  if (parallelToolCalls === undefined) return { ...written, tool_choice: choice };
  if (toolChoice?.kind !== 'none') {
    return { ...written, tool_choice: { ...choice, disable_parallel_tool_use: !parallelToolCalls } };
  }
  to.losses.hint(to.settingNames.parallelToolCalls, 'no tool is to be called');
  return { ...written, tool_choice: choice };
}

/** Of some tools only some may be allowed: the others are as good as absent. */
function availableTools({ tools, settings }: ChatRequest, to: Target): readonly FunctionTool[] {
  const { toolChoice } = settings;
  if (toolChoice?.kind !== 'allowed') return tools;
  to.losses.hint(to.settingNames.toolChoice, 'the tools that are not allowed are left out');
  return tools.filter(({ name }) => toolChoice.names.includes(name));
}

function writeChoice(choice: ToolChoice | undefined): JsonObject {
  switch (choice?.kind) {
    case undefined:
    case 'auto':
      return { type: 'auto' };
    case 'required':
      return { type: 'any' };
    case 'none':
      return { type: 'none' };
    case 'function':
      return { type: 'tool', name: choice.name };
    case 'allowed':
      return { type: choice.mode === 'required' ? 'any' : 'auto' };
  }
}

function writeTool(tool: FunctionTool): JsonObject {
  const { name, description, parameters, strict } = tool;
  return {
    name,
    ...(description !== undefined && { description }),
    input_schema: inputSchema(parameters),
    ...(strict !== undefined && { strict }),
    ...writeCache(tool),
  };
}

/** An input is an object, and Anthropic wants its schema to say so. */
function inputSchema(parameters: JsonSchema = { properties: {} }): JsonSchema {
  return parameters['type'] === undefined ? { type: 'object', ...parameters } : parameters;
}
