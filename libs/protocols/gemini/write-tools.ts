import type { JsonObject } from '#usage/json.js';
import type { Target } from '../chat/chat-protocol.js';
import type { ChatRequest, FunctionTool, ToolChoice } from '../chat/chat-request.js';

export function writeTools(tools: readonly FunctionTool[], to: Target): JsonObject[] {
  const functionDeclarations = tools.map(({ at, name, description, parameters, cache }) => {
    if (cache !== undefined) to.losses.hint(at, 'Gemini decides by itself what it caches');
    return {
      name,
      ...(description !== undefined && { description }),
      ...(parameters !== undefined && { parametersJsonSchema: parameters }),
    };
  });
  return [{ functionDeclarations }];
}

/** https://ai.google.dev/gemini-api/docs/function-calling#function_calling_modes */
export function writeToolConfig({ tools, settings }: ChatRequest, to: Target): JsonObject | undefined {
  const { toolChoice = { kind: 'auto' } as const, parallelToolCalls } = settings;
  if (tools.length === 0) {
    // Google refuses a choice among no functions, and without any there is nothing to choose.
    for (const name of ['toolChoice', 'parallelToolCalls'] as const) {
      if (settings[name] !== undefined) to.losses.hint(to.settingNames[name], 'there are no tools');
    }
    return undefined;
  }
  if (parallelToolCalls === false) {
    to.losses.add(to.settingNames.parallelToolCalls, 'Gemini cannot be held to one call at a time');
  } else if (parallelToolCalls === true) {
    to.losses.hint(to.settingNames.parallelToolCalls, 'Gemini may call in parallel anyway');
  }
  const strict = tools.filter(({ strict }) => strict === true);
  const mode = modeOf(toolChoice, strict.length > 0);
  if (mode === 'VALIDATED' && strict.length > 0 && strict.length < tools.length) {
    to.losses.hint(strict[0]!.at, 'Gemini keeps the calls of all functions to their schemas, or of none');
  }
  if (mode === 'AUTO' && settings.toolChoice === undefined) return undefined;
  const names = namesOf(toolChoice);
  return { functionCallingConfig: { mode, ...(names && { allowedFunctionNames: names }) } };
}

function modeOf(choice: ToolChoice, isStrict: boolean): 'AUTO' | 'ANY' | 'NONE' | 'VALIDATED' {
  switch (choice.kind) {
    case 'auto':
      return isStrict ? 'VALIDATED' : 'AUTO';
    case 'none':
      return 'NONE';
    // Here calls keep to the schemas in any case.
    case 'required':
    case 'function':
      return 'ANY';
    // Functions can be singled out in these two modes only.
    case 'allowed':
      return choice.mode === 'auto' ? 'VALIDATED' : 'ANY';
  }
}

function namesOf(choice: ToolChoice): readonly string[] | undefined {
  if (choice.kind === 'function') return [choice.name];
  return choice.kind === 'allowed' ? choice.names : undefined;
}
