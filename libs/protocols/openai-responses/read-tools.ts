import { defined } from '../chat/defined.js';
import type { FunctionTool, ToolChoice } from '../chat/chat-request.js';
import type { Members } from '../chat/members.js';
import { meetsStrictMode } from './strict-mode.js';
import { loseUnless } from './usual-value.js';

export function readTools(body: Members): FunctionTool[] {
  return body.objects('tools').flatMap((tool) => {
    const type = tool.requiredString('type');
    if (type === 'function') return readFunction(tool);
    tool.lose(`a tool of type ${type.slice(0, 40)} runs at this provider or takes no JSON`);
    return [];
  });
}

/**
 * "If omitted, Responses attempts to use strict validation when the schema is compatible, and falls back to non-strict
 * validation otherwise" (the official SDK). Chat's default is false, so what is meant is always said.
 */
function readFunction(tool: Members): FunctionTool {
  const parameters = tool.json('parameters');
  loseUnless(false, tool, 'defer_loading', 'all tools are told at once');
  return defined<Omit<FunctionTool, 'cache'>>({
    at: tool.at,
    name: tool.requiredString('name'),
    description: tool.string('description'),
    parameters,
    strict: tool.boolean('strict') ?? (parameters !== undefined && meetsStrictMode(parameters)),
  });
}

export function readToolChoice(body: Members): ToolChoice | undefined {
  const mode = body.value('tool_choice');
  if (mode === undefined) return undefined;
  if (mode === 'auto' || mode === 'none' || mode === 'required') return { kind: mode };
  if (typeof mode === 'string') throw body.wrong('tool_choice', 'none, auto, required or an object');
  const choice = body.object('tool_choice')!;
  switch (choice.requiredString('type')) {
    case 'function':
      return { kind: 'function', name: choice.requiredString('name') };
    case 'allowed_tools':
      return readAllowed(choice);
    default:
      choice.lose('it chooses a tool that runs at this provider or takes no JSON');
      return undefined;
  }
}

function readAllowed(choice: Members): ToolChoice {
  const mode = choice.requiredString('mode');
  if (mode !== 'auto' && mode !== 'required') throw choice.wrong('mode', 'auto or required');
  const names = choice.objects('tools').flatMap((tool) => {
    if (tool.requiredString('type') === 'function') return tool.requiredString('name');
    tool.lose('it allows a tool that runs at this provider or takes no JSON');
    return [];
  });
  return { kind: 'allowed', names, mode };
}
