import { defined } from '../chat/defined.js';
import { InvalidBody, type Members } from '../chat/members.js';
import type { OutputFormat, ReasoningSetting, Settings } from '../chat/chat-request.js';
import { readToolChoice } from './read-tools.js';
import { loseUnless } from './usual-value.js';

export function readSettings(body: Members): Settings {
  const text = body.object('text');
  return defined<Omit<Settings, 'topK' | 'stop' | 'seed' | 'candidates'>>({
    maxOutputTokens: body.integer('max_output_tokens'),
    temperature: body.number('temperature'),
    topP: body.number('top_p'),
    // Not OpenAI's own, but of the open specification of this protocol (https://www.openresponses.org).
    frequencyPenalty: body.number('frequency_penalty'),
    presencePenalty: body.number('presence_penalty'),
    logprobs: readLogprobSetting(body),
    output: readOutputFormat(text?.object('format')),
    reasoning: readReasoning(body.object('reasoning')),
    toolChoice: readToolChoice(body),
    parallelToolCalls: body.boolean('parallel_tool_calls'),
    verbosity: text?.string('verbosity'),
    user: body.string('user'),
    metadata: readMetadata(body),
    serviceTier: body.string('service_tier'),
  });
}

/** Asked for by either of two members: what is to be included, or how many alternatives. */
function readLogprobSetting(body: Members): { top: number } | undefined {
  const top = body.integer('top_logprobs') ?? 0;
  let isIncluded = false;
  for (const one of body.strings('include') ?? []) {
    if (one === 'message.output_text.logprobs') isIncluded = true;
    // Elsewhere thoughts come with their signatures unasked; the rest is of this provider's own tools.
    else if (one !== 'reasoning.encrypted_content') body.losses.hint(body.pathOf('include'), 'more of its own tools');
  }
  return isIncluded || top > 0 ? { top } : undefined;
}

function readOutputFormat(format: Members | undefined): OutputFormat | undefined {
  switch (format?.requiredString('type')) {
    case undefined:
    case 'text':
      return undefined;
    case 'json_object':
      return { kind: 'json' };
    case 'json_schema':
      return defined<OutputFormat & { kind: 'json-schema' }>({
        kind: 'json-schema',
        schema: format.json('schema') ?? format.missing('schema'),
        name: format.requiredString('name'),
        description: format.string('description'),
        strict: format.boolean('strict'),
      });
    default:
      throw format!.wrong('type', 'text, json_object or json_schema');
  }
}

const efforts = ['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max'] as const;
const summaries = ['auto', 'concise', 'detailed'] as const;

function readReasoning(reasoning: Members | undefined): ReasoningSetting | undefined {
  if (reasoning === undefined) return undefined;
  loseUnless('standard', reasoning, 'mode', 'reasoning has one mode elsewhere');
  loseUnless('auto', reasoning, 'context', 'which thoughts the model sees again');
  const effort = oneOf(reasoning, 'effort', efforts);
  const older = oneOf(reasoning, 'generate_summary', summaries);
  const shown = oneOf(reasoning, 'summary', summaries) ?? older;
  if (effort === undefined && shown === undefined) return undefined;
  return { ...(effort !== undefined && { effort }), ...(shown !== undefined && { shown }) };
}

function oneOf<Word extends string>(members: Members, name: string, words: readonly Word[]): Word | undefined {
  const said = members.string(name);
  const word = words.find((one) => one === said);
  if (said !== undefined && word === undefined) throw members.wrong(name, words.join(', '));
  return word;
}

function readMetadata(body: Members): Record<string, string> | undefined {
  const metadata = Object.entries(body.json('metadata') ?? {}).map(([name, value]) => {
    if (typeof value === 'string') return [name, value] as const;
    throw new InvalidBody(body.pathOf('metadata'), 'The values of metadata must be strings.');
  });
  return metadata.length === 0 ? undefined : Object.fromEntries(metadata);
}
