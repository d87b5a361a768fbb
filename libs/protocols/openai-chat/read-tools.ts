import { defined } from '../chat/defined.js';
import type { FunctionTool, ToolChoice } from '../chat/chat-request.js';
import type { Members } from '../chat/members.js';
import { readCacheMark } from '../openai/cache-mark.js';

/** `functions` is what `tools` was before there were several types of them. */
export function readTools(body: Members): FunctionTool[] {
  return [
    ...body.objects('tools').flatMap(readTool),
    ...body.objects('functions').map((one) => readFunction(one, one)),
  ];
}

function readTool(tool: Members): FunctionTool[] {
  const type = tool.string('type') ?? 'function';
  if (type === 'function') return [readFunction(tool.object('function') ?? tool.missing('function'), tool)];
  tool.lose(whyNoTool(type));
  return [];
}

/** Why a tool that is no function cannot be carried over. */
export function whyNoTool(type: string): string {
  if (type === 'custom') return 'its input is free text, and elsewhere the input of a tool is JSON';
  return 'the provider runs this tool itself: only functions are converted';
}

function readFunction(described: Members, tool: Members): FunctionTool {
  return defined<FunctionTool>({
    at: tool.at,
    name: described.requiredString('name'),
    description: described.string('description'),
    parameters: described.json('parameters'),
    strict: described.boolean('strict'),
    cache: readCacheMark(tool),
  });
}

export function readToolChoice(body: Members): ToolChoice | undefined {
  return readChoice(body, 'tool_choice') ?? readChoice(body, 'function_call');
}

function readChoice(body: Members, name: 'tool_choice' | 'function_call'): ToolChoice | undefined {
  const value = body.value(name);
  if (value === undefined) return undefined;
  if (typeof value === 'string') return readWord(body, name, value);
  const choice = body.object(name)!;
  // `function_call` has the name alone.
  const type = choice.string('type') ?? 'function';
  if (type === 'function') {
    return { kind: 'function', name: (choice.object('function') ?? choice).requiredString('name') };
  }
  if (type === 'allowed_tools') return readAllowed(choice.object('allowed_tools') ?? choice.missing('allowed_tools'));
  choice.lose(whyNoTool(type));
  return undefined;
}

function readWord(body: Members, name: string, word: string): ToolChoice {
  switch (word) {
    case 'auto':
    case 'none':
    case 'required':
      return { kind: word };
    case 'any':
      // Mistral's word.
      return { kind: 'required' };
    default:
      throw body.wrong(name, 'auto, none, required, or an object that names a function');
  }
}

function readAllowed(allowed: Members): ToolChoice {
  const mode = allowed.string('mode') ?? 'auto';
  if (mode !== 'auto' && mode !== 'required') throw allowed.wrong('mode', 'auto or required');
  const names = allowed.objects('tools').flatMap((tool) => {
    const type = tool.string('type') ?? 'function';
    if (type === 'function') return [(tool.object('function') ?? tool).requiredString('name')];
    tool.lose(whyNoTool(type));
    return [];
  });
  return { kind: 'allowed', mode, names };
}
