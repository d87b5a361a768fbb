import type { JsonObject } from '#usage/json.js';
import type { Target } from '../chat/chat-protocol.js';
import type { OutputFormat, ReasoningSetting, Setting, Settings, ToolChoice } from '../chat/chat-request.js';
import { reasoningEffort } from '../chat/reasoning-effort.js';

/** The members for a setting. Of several settings the `text` is merged, and the `include` put together. */
interface Written extends JsonObject {
  readonly text?: JsonObject;
  readonly include?: readonly string[];
}
type SettingWriter<Name extends Setting> = (value: NonNullable<Settings[Name]>, to: Target) => Written;

const writers: { readonly [Name in Setting]-?: SettingWriter<Name> } = {
  maxOutputTokens: (max_output_tokens) => ({ max_output_tokens }),
  temperature: (temperature) => ({ temperature }),
  topP: (top_p) => ({ top_p }),
  topK: unsaid('topK', 'OpenAI responses do not limit sampling to the most likely tokens'),
  stop: unsaid('stop', 'OpenAI responses know no stop sequences'),
  seed: unsaid('seed', 'OpenAI responses know no seed'),
  frequencyPenalty: unsaidUnless(0, 'frequencyPenalty', 'OpenAI responses know no penalties'),
  presencePenalty: unsaidUnless(0, 'presencePenalty', 'OpenAI responses know no penalties'),
  logprobs: ({ top }) => ({ top_logprobs: top, include: ['message.output_text.logprobs'] }),
  candidates: unsaidUnless(1, 'candidates', 'OpenAI responses have one answer'),
  output: (format) => ({ text: { format: writeFormat(format) } }),
  reasoning: writeReasoning,
  toolChoice: (choice) => ({ tool_choice: writeToolChoice(choice) }),
  parallelToolCalls: (parallel_tool_calls) => ({ parallel_tool_calls }),
  verbosity: (verbosity) => ({ text: { verbosity } }),
  user: (user) => ({ user }),
  metadata: (metadata) => ({ metadata }),
  serviceTier: writeServiceTier,
};

export function writeSettings(settings: Settings, to: Target): JsonObject {
  const write = <Name extends Setting>(name: Name): Written => {
    const value = settings[name];
    return value === undefined ? {} : (writers[name] as SettingWriter<Name>)(value, to);
  };
  const written = (Object.keys(writers) as Setting[]).map(write);
  const text = Object.assign({}, ...written.map((one) => one.text)) as JsonObject;
  const include = written.flatMap((one) => one.include ?? []);
  return {
    ...(Object.assign({}, ...written) as JsonObject),
    ...(Object.keys(text).length > 0 && { text }),
    ...(include.length > 0 && { include }),
  };
}

function unsaid(name: Setting, reason: string) {
  return unsaidUnless(undefined, name, reason);
}

/** @param usual what happens without the setting anyway */
function unsaidUnless(usual: unknown, name: Setting, reason: string) {
  return (value: unknown, to: Target): Written => {
    if (value !== usual) to.losses.add(to.settingNames[name], reason);
    return {};
  };
}

function writeFormat(format: OutputFormat): JsonObject {
  if (format.kind === 'json') return { type: 'json_object' };
  const { schema, name, description, strict } = format;
  return {
    type: 'json_schema',
    // It must have a name, and only a client's own program sees it.
    name: name ?? 'answer',
    ...(description !== undefined && { description }),
    schema,
    ...(strict !== undefined && { strict }),
  };
}

/** Nothing is stored, so the thoughts must come encrypted for the client to send them back. */
function writeReasoning(reasoning: ReasoningSetting, to: Target): Written {
  const effort = reasoningEffort(reasoning, to);
  const summary = reasoning.shown === true ? 'auto' : reasoning.shown || undefined;
  return {
    reasoning: { ...(effort !== undefined && { effort }), ...(summary !== undefined && { summary }) },
    ...(effort !== 'none' && { include: ['reasoning.encrypted_content'] }),
  };
}

function writeToolChoice(choice: ToolChoice): unknown {
  switch (choice.kind) {
    case 'function':
      return { type: 'function', name: choice.name };
    case 'allowed':
      return {
        type: 'allowed_tools',
        mode: choice.mode,
        tools: choice.names.map((name) => ({ type: 'function', name })),
      };
    case 'auto':
    case 'none':
    case 'required':
      return choice.kind;
  }
}

const tiers: ReadonlySet<string> = new Set(['auto', 'default', 'flex', 'scale', 'priority']);

function writeServiceTier(tier: string, to: Target): Written {
  // Anthropic's word for never taking more than the usual capacity.
  const word = tier === 'standard_only' ? 'default' : tier;
  if (tiers.has(word)) return { service_tier: word };
  to.losses.hint(to.settingNames.serviceTier, `${tier.slice(0, 40)} is no tier of OpenAI`);
  return {};
}
