import type { JsonObject } from '#usage/json.js';
import type { Target } from '../chat/chat-protocol.js';
import type { ChatRequest, FunctionTool, OutputFormat, Setting, Settings, ToolChoice } from '../chat/chat-request.js';
import { reasoningEffort } from '../chat/reasoning-effort.js';
import { writeContent } from './write-content.js';
import { writeMessage } from './write-messages.js';

export function writeRequest(
  { model, stream, instructions, messages, tools, settings }: ChatRequest,
  to: Target,
): JsonObject {
  // "system" is what every server of this protocol knows; OpenAI takes it for "developer" where that is the newer word.
  const system = instructions.length === 0 ? [] : [{ role: 'system', content: writeContent(instructions, to) }];
  return {
    model: model ?? to.model,
    messages: [...system, ...messages.flatMap((message) => writeMessage(message, to))],
    ...(tools.length > 0 && { tools: tools.map((tool) => writeTool(tool, to)) }),
    ...writeSettings(tools.length > 0 ? settings : withoutChoice(settings, to), to),
    // Without the option a stream tells no usage, and it must be billed.
    ...(stream === true && { stream, stream_options: { include_usage: true } }),
  };
}

type SettingWriter<Name extends Setting> = (value: NonNullable<Settings[Name]>, to: Target) => JsonObject;

/** The members for each setting: empty where the protocol has no word for it, which the writer has then told. */
const writers: { readonly [Name in Setting]-?: SettingWriter<Name> } = {
  // OpenAI's reasoning models refuse the older `max_tokens`; a server that knows only that one is its provider's difference.
  maxOutputTokens: (max_completion_tokens) => ({ max_completion_tokens }),
  temperature: (temperature) => ({ temperature }),
  topP: (top_p) => ({ top_p }),
  topK: (_, to) => {
    // Other servers take top_k, but OpenAI refuses a request with members that it does not know.
    to.losses.add(to.settingNames.topK, 'OpenAI chat does not limit sampling to the most likely tokens');
    return {};
  },
  stop: (stop) => ({ stop }),
  seed: (seed) => ({ seed }),
  frequencyPenalty: (frequency_penalty) => ({ frequency_penalty }),
  presencePenalty: (presence_penalty) => ({ presence_penalty }),
  logprobs: ({ top }) => ({ logprobs: true, ...(top > 0 && { top_logprobs: top }) }),
  candidates: (n) => ({ n }),
  output: (format) => ({ response_format: writeOutput(format) }),
  reasoning: (reasoning, to) => {
    if (reasoning.shown !== undefined && reasoning.shown !== false) {
      to.losses.hint(to.settingNames.reasoning, 'whether thoughts are shown is up to the provider');
    }
    const effort = reasoningEffort(reasoning, to);
    return effort === undefined ? {} : { reasoning_effort: effort };
  },
  toolChoice: (choice) => ({ tool_choice: writeToolChoice(choice) }),
  parallelToolCalls: (parallel_tool_calls) => ({ parallel_tool_calls }),
  verbosity: (verbosity) => ({ verbosity }),
  user: (user) => ({ user }),
  metadata: (metadata) => ({ metadata }),
  serviceTier: (service_tier) => ({ service_tier }),
};

/** OpenAI refuses these two where there are no tools; clients of other protocols may say them anyway. */
function withoutChoice({ toolChoice, parallelToolCalls, ...rest }: Settings, to: Target): Settings {
  if (toolChoice !== undefined) to.losses.hint(to.settingNames.toolChoice, 'there are no tools');
  if (parallelToolCalls !== undefined) to.losses.hint(to.settingNames.parallelToolCalls, 'there are no tools');
  return rest;
}

function writeSettings(settings: Settings, to: Target): JsonObject {
  const write = <Name extends Setting>(name: Name): JsonObject => {
    const value = settings[name];
    return value === undefined ? {} : (writers[name] as SettingWriter<Name>)(value, to);
  };
  return Object.assign({}, ...(Object.keys(writers) as Setting[]).map(write)) as JsonObject;
}

function writeTool({ at, name, description, parameters, strict, cache }: FunctionTool, to: Target): JsonObject {
  if (cache !== undefined) to.losses.hint(at, 'OpenAI caches tools without a mark');
  return {
    type: 'function',
    function: {
      name,
      ...(description !== undefined && { description }),
      ...(parameters !== undefined && { parameters }),
      ...(strict !== undefined && { strict }),
    },
  };
}

function writeToolChoice(choice: ToolChoice): unknown {
  switch (choice.kind) {
    case 'function':
      return namedFunction(choice.name);
    case 'allowed':
      return { type: 'allowed_tools', allowed_tools: { mode: choice.mode, tools: choice.names.map(namedFunction) } };
    case 'auto':
    case 'none':
    case 'required':
      return choice.kind;
  }
}

const namedFunction = (name: string) => ({ type: 'function', function: { name } });

function writeOutput(format: OutputFormat): JsonObject {
  if (format.kind === 'json') return { type: 'json_object' };
  const { schema, name, description, strict } = format;
  return {
    type: 'json_schema',
    json_schema: {
      // It must have a name, and only a client's own program sees it.
      name: name ?? 'answer',
      ...(description !== undefined && { description }),
      schema,
      ...(strict !== undefined && { strict }),
    },
  };
}
