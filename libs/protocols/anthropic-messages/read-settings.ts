import { present } from '#usage/json.js';
import type { OutputFormat, ReasoningSetting, Settings, ToolChoice } from '../chat/chat-request.js';
import { InvalidBody, type Members } from '../chat/members.js';

const efforts = ['low', 'medium', 'high', 'xhigh', 'max'] as const;

export function readSettings(body: Members): Settings {
  const tier = body.string('service_tier');
  const outputConfig = body.object('output_config');
  return {
    maxOutputTokens: body.integer('max_tokens') ?? body.missing('max_tokens'),
    ...present({
      temperature: body.number('temperature'),
      topP: body.number('top_p'),
      topK: body.integer('top_k'),
      stop: body.strings('stop_sequences'),
      // `output_format` was its name in the beta.
      output: readFormat(outputConfig?.object('format') ?? body.object('output_format')),
      reasoning: readReasoning(body.object('thinking'), readEffort(outputConfig)),
      user: body.object('metadata')?.string('user_id'),
      // In the words of OpenAI, as everywhere in the middle.
      serviceTier: tier === 'standard_only' ? 'default' : tier,
    }),
    ...readToolChoice(body.object('tool_choice')),
  };
}

function readEffort(outputConfig: Members | undefined): ReasoningSetting['effort'] {
  const effort = outputConfig?.string('effort');
  const known = efforts.find((one) => one === effort);
  if (outputConfig !== undefined && known === undefined && effort !== undefined) {
    outputConfig.losses.add(outputConfig.pathOf('effort'), 'it is not known here');
  }
  return known;
}

function readFormat(format: Members | undefined): OutputFormat | undefined {
  if (format === undefined) return undefined;
  if (format.requiredString('type') !== 'json_schema') {
    format.lose('its type is not known here');
    return undefined;
  }
  return { kind: 'json-schema', schema: format.json('schema') ?? format.missing('schema') };
}

/** https://platform.claude.com/docs/en/build-with-claude/adaptive-thinking */
function readReasoning(
  thinking: Members | undefined,
  effort: ReasoningSetting['effort'],
): ReasoningSetting | undefined {
  const asked = present({ effort });
  if (thinking === undefined) return asked;
  const display = thinking.string('display');
  const shown = display === undefined ? undefined : display !== 'omitted';
  switch (thinking.requiredString('type')) {
    case 'enabled': {
      const budgetTokens = thinking.integer('budget_tokens') ?? thinking.missing('budget_tokens');
      return { ...asked, budgetTokens, ...present({ shown }) };
    }
    case 'adaptive':
      // An effort is what guides the model when it decides by itself.
      return { ...(asked ?? { budgetTokens: -1 }), ...present({ shown }) };
    case 'disabled':
      return { ...asked, budgetTokens: 0 };
    default:
      thinking.lose('its type is not known here');
      return asked;
  }
}

function readToolChoice(choice: Members | undefined): Pick<Settings, 'toolChoice' | 'parallelToolCalls'> {
  if (choice === undefined) return {};
  const onlyOne = choice.boolean('disable_parallel_tool_use');
  return {
    toolChoice: readChoice(choice),
    ...(onlyOne !== undefined && { parallelToolCalls: !onlyOne }),
  };
}

function readChoice(choice: Members): ToolChoice {
  switch (choice.requiredString('type')) {
    case 'auto':
      return { kind: 'auto' };
    case 'any':
      return { kind: 'required' };
    case 'none':
      return { kind: 'none' };
    case 'tool':
      return { kind: 'function', name: choice.requiredString('name') };
    default:
      throw new InvalidBody(choice.pathOf('type'), `${choice.pathOf('type')} must be auto, any, tool or none.`);
  }
}
