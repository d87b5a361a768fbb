import { defined } from '../chat/defined.js';
import type { FunctionTool, ToolChoice } from '../chat/chat-request.js';
import type { Members } from '../chat/members.js';
import { listOf } from './list-of.js';
import { jsonSchemaOf } from './open-api-schema.js';
import { tellRest } from './tell.js';

/** @param isStrict see readToolChoice: it holds for all functions */
export function readTools(body: Members, isStrict: boolean): FunctionTool[] {
  return listOf(body, 'tools').flatMap((tool) => {
    const functions = listOf(tool, 'functionDeclarations').map((declared) => readFunction(declared, isStrict));
    tellRest(tool, 'it is a tool of Gemini itself');
    return functions;
  });
}

function readFunction(declared: Members, isStrict: boolean): FunctionTool {
  const schema = declared.json('parametersJsonSchema');
  const older = declared.json('parameters');
  return defined<FunctionTool>({
    at: declared.at,
    name: declared.requiredString('name'),
    description: declared.string('description') || undefined,
    parameters: schema ?? (older && jsonSchemaOf(older)),
    strict: isStrict,
    cache: undefined,
  });
}

interface ReadToolChoice {
  readonly toolChoice?: ToolChoice;
  /** Calls keep to their function's schema: Gemini says it for all functions at once, by the mode VALIDATED. */
  readonly isStrict: boolean;
}

/** https://ai.google.dev/api/caching#FunctionCallingConfig */
export function readToolChoice(toolConfig: Members | undefined): ReadToolChoice {
  const config = toolConfig?.object('functionCallingConfig');
  if (config === undefined) return { isStrict: false };
  config.hint('streamFunctionCallArguments', 'it steers only how the answer is cut into pieces');
  const names = config.strings('allowedFunctionNames') ?? [];
  const mode = config.string('mode') ?? 'MODE_UNSPECIFIED';
  switch (mode.toUpperCase()) {
    case 'MODE_UNSPECIFIED':
      return { isStrict: false };
    case 'AUTO':
      return {
        toolChoice: names.length > 0 ? { kind: 'allowed', names, mode: 'auto' } : { kind: 'auto' },
        isStrict: false,
      };
    case 'NONE':
      return { toolChoice: { kind: 'none' }, isStrict: false };
    case 'ANY':
      return { toolChoice: required(names), isStrict: false };
    case 'VALIDATED':
      return names.length > 0
        ? { toolChoice: { kind: 'allowed', names, mode: 'auto' }, isStrict: false }
        : { toolChoice: { kind: 'auto' }, isStrict: true };
    default:
      throw config.wrong('mode', 'AUTO, ANY, NONE or VALIDATED');
  }
}

function required(names: readonly string[]): ToolChoice {
  const [name, ...others] = names;
  if (name === undefined) return { kind: 'required' };
  return others.length === 0 ? { kind: 'function', name } : { kind: 'allowed', names, mode: 'required' };
}
