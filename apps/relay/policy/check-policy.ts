import type { JsonObject } from '#usage/json.js';
import { Refusal } from '#protocols/error-body.js';
import type { Operation } from '../operations/operations.js';
import { askedOutput } from './asked-output.js';
import type { LevelRules } from './level-rules.js';
import { METADATA_HEADER, type Metadata } from './read-metadata.js';

/** A request, as far as policies are about it. */
export interface AskedCall {
  readonly operation: Pick<Operation, 'name'>;
  readonly model: string | undefined;
  readonly json: JsonObject | undefined;
  /** Where it comes from: found out where a level asks. Absent when it cannot be told. */
  readonly address: () => string | undefined;
  readonly metadata: Metadata;
}

export interface Permitted {
  /** What is called: the model that the client's name stands for. */
  readonly model: string | undefined;
  /** The only regions whose channels may be used. Absent: any channel may. */
  readonly regions?: ReadonlySet<string> | undefined;
}

type Rule = (rules: LevelRules, call: AskedCall) => Refusal | undefined;

/**
 * Whether every level permits a call.
 * @param levels the nearest first.
 */
export function checkPolicy(call: AskedCall, levels: readonly LevelRules[]): Permitted | Refusal {
  if (levels.length === 0) return { model: call.model };
  const called = { ...call, model: call.model && calledModel(call.model, levels) };
  for (const rules of levels) {
    for (const rule of RULES) {
      const refusal = rule(rules, called);
      if (refusal !== undefined) return refusal;
    }
  }
  const regions = commonRegions(levels);
  if (regions instanceof Refusal) return regions;
  return { model: called.model, regions };
}

/** The nearest alias of a name counts, and is no name for another alias. */
export function calledModel(name: string, levels: readonly LevelRules[]): string {
  for (const { aliases } of levels) {
    const model = aliases.get(name);
    if (model !== undefined) return model;
  }
  return name;
}

/** Also for a model that is called in another's place. */
export function refuseModel(levels: readonly LevelRules[], model: string): Refusal | undefined {
  for (const rules of levels) {
    const refusal = refuseModelAt(rules, model);
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}

function refuseModelAt(rules: LevelRules, model: string): Refusal | undefined {
  const { deniedModels, allowedModels } = rules;
  const call = `does not permit the model "${model}": call another one`;
  if (deniedModels?.has(model)) return forbidden(rules, 'models.deny', call, 'model');
  if (allowedModels?.has(model) === false) return forbidden(rules, 'models.allow', call, 'model');
  return undefined;
}

/** Some gateways take models of which they call another than `model`: https://openrouter.ai/docs/features/model-routing */
function refuseAlternatives(rules: LevelRules, { json }: AskedCall): Refusal | undefined {
  const models = json?.['models'];
  if (!Array.isArray(models)) return undefined;
  for (const model of models) {
    const refusal = typeof model === 'string' ? refuseModelAt(rules, model) : undefined;
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}

/** What each level may object to, the cheapest and most telling first. */
const RULES: readonly Rule[] = [
  (rules, call) => {
    if (rules.addresses === undefined) return undefined;
    const address = call.address();
    if (address !== undefined && rules.addresses.has(address)) return undefined;
    const from = address === undefined ? 'an address that cannot be told' : address;
    return forbidden(rules, 'ipRanges', `does not permit calls from ${from}: call from one that it permits`);
  },
  (rules, { operation }) => {
    const permits = rules.endpoints === undefined || rules.endpoints.has(operation.name);
    return permits
      ? undefined
      : forbidden(rules, 'endpoints', `does not permit ${operation.name}: call another endpoint`);
  },
  (rules, { model }) => (model === undefined ? undefined : refuseModelAt(rules, model)),
  refuseAlternatives,
  refuseOutput,
  (rules, { operation, model, metadata }) => {
    // Of what calls no model, such as a list of models, nothing has to be said.
    if (model === undefined && operation.name !== 'passthrough') return undefined;
    const missing = rules.requiredMetadata.find((name) => (metadata.get(name) ?? '') === '');
    if (missing === undefined) return undefined;
    const what = `asks for the metadata "${missing}": send it in the header ${METADATA_HEADER}, a JSON object of texts`;
    return forbidden(rules, 'requiredMetadata', what, METADATA_HEADER);
  },
];

/** Refused and not cut short: an answer that ends early for a reason that the client did not give looks complete. */
function refuseOutput(rules: LevelRules, { operation, json }: AskedCall): Refusal | undefined {
  const { maxOutputTokens } = rules;
  if (maxOutputTokens === undefined) return undefined;
  const asked = askedOutput(operation.name, json ?? {});
  if (asked === undefined || (asked.tokens !== undefined && asked.tokens <= maxOutputTokens)) return undefined;
  const much = asked.tokens === undefined ? 'does not say how many it asks for' : `asks for ${asked.tokens}`;
  return forbidden(
    rules,
    'maxOutputTokens',
    `permits ${maxOutputTokens} output tokens per request, over all choices, and this one ${much}: set ${asked.member} so that it stays within`,
    asked.member,
  );
}

function commonRegions(levels: readonly LevelRules[]): ReadonlySet<string> | Refusal | undefined {
  let common: ReadonlySet<string> | undefined;
  for (const rules of levels) {
    const { regions } = rules;
    if (regions === undefined) continue;
    const before = common;
    common = before === undefined ? regions : new Set([...regions].filter((region) => before.has(region)));
    if (common.size > 0) continue;
    return forbidden(rules, 'regions', 'leaves no region that every level permits: have one of the policies changed');
  }
  return common;
}

export function forbidden({ level, id }: LevelRules, rule: string, what: string, param?: string): Refusal {
  return new Refusal('forbidden', `The policy of ${level} "${id}" (${rule}) ${what}.`, param);
}
