import type { JsonObject } from '#usage/json.js';
import type { Target } from '../chat/chat-protocol.js';
import type { ChatRequest, OutputFormat, Setting, Settings } from '../chat/chat-request.js';
import { closedSchema } from './closed-schema.js';
import { writeSampling } from './write-sampling.js';
import { writeThinking } from './write-thinking.js';
import { writeTools } from './write-tools.js';

const serviceTiers: ReadonlyMap<string, string> = new Map([
  ['auto', 'auto'],
  ['default', 'standard_only'],
]);

/** The settings that Anthropic has. */
type Known =
  | 'maxOutputTokens'
  | 'reasoning'
  | 'temperature'
  | 'topP'
  | 'topK'
  | 'stop'
  | 'output'
  | 'toolChoice'
  | 'parallelToolCalls'
  | 'user'
  | 'serviceTier';

/** What goes without saying needs no setting. */
const defaults: Settings = { frequencyPenalty: 0, presencePenalty: 0, candidates: 1, verbosity: 'medium' };

const lacking: Readonly<Record<Exclude<Setting, Known | 'metadata'>, string>> = {
  seed: 'it cannot repeat an answer',
  frequencyPenalty: 'it has no penalties',
  presencePenalty: 'it has no penalties',
  logprobs: 'it tells no probabilities',
  candidates: 'it gives one answer',
  verbosity: 'how long to answer is said in the prompt only',
};

export function writeSettings(request: ChatRequest, to: Target): JsonObject {
  const { user, serviceTier, metadata } = request.settings;
  const { body, thinks, effort } = writeThinking(request, to);
  const format = writeFormat(request.settings.output, to);
  const stop = writeStopSequences(request.settings.stop, to);
  if (metadata !== undefined) to.losses.hint(to.settingNames.metadata, 'it keeps no labels');
  tellLacking(request.settings, to);
  return {
    ...body,
    ...writeSampling(request, thinks, to),
    ...(stop.length > 0 && { stop_sequences: stop }),
    ...(user !== undefined && { metadata: { user_id: user } }),
    ...(serviceTier !== undefined && writeServiceTier(serviceTier, to)),
    ...((effort !== undefined || format !== undefined) && {
      output_config: { ...(effort !== undefined && { effort }), ...(format !== undefined && { format }) },
    }),
    ...writeTools(request, to),
  };
}

function tellLacking(settings: Settings, to: Target): void {
  for (const name of Object.keys(lacking) as (keyof typeof lacking)[]) {
    if (settings[name] !== undefined && settings[name] !== defaults[name]) {
      to.losses.add(to.settingNames[name], lacking[name]);
    }
  }
}

function writeStopSequences(stop: readonly string[] = [], to: Target): string[] {
  const taken = stop.filter((sequence) => sequence.trim() !== '');
  if (taken.length < stop.length) to.losses.add(to.settingNames.stop, 'it does not stop at white space');
  return taken;
}

function writeFormat(output: OutputFormat | undefined, to: Target): JsonObject | undefined {
  if (output === undefined) return undefined;
  const at = to.settingNames.output;
  if (output.kind === 'json') {
    to.losses.add(at, 'it writes JSON to a schema only');
    return undefined;
  }
  if (output.name !== undefined) to.losses.hint(at, 'a schema has no name');
  if (output.strict === false) to.losses.hint(at, 'it keeps to a schema always');
  // A schema has a place for its own description.
  const description = output.description === undefined ? {} : { description: output.description };
  const schema = closedSchema(output.schema);
  if (JSON.stringify(schema) !== JSON.stringify(output.schema)) {
    to.losses.hint(at, 'its objects are closed to members that the schema does not name');
  }
  return { type: 'json_schema', schema: { ...description, ...schema } };
}

function writeServiceTier(tier: string, to: Target): JsonObject {
  const known = serviceTiers.get(tier);
  if (known !== undefined) return { service_tier: known };
  to.losses.hint(to.settingNames.serviceTier, 'it has no such tier');
  return {};
}
