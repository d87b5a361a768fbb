import type { Refusal } from '#protocols/error-body.js';
import { forbidden } from './check-policy.js';
import type { LevelRules } from './level-rules.js';

export interface PermittedPassthrough {
  readonly channelId: string;
  /** The words of the nearest policy that permit it. */
  readonly pattern: string;
}

/**
 * Whether what the relay does not know may be forwarded unread: some level has to name it, and every one that names any.
 * @param asked method and path.
 * @param levels the nearest first.
 * @returns undefined where no level names any.
 */
export function permitPassthrough(
  asked: string,
  levels: readonly LevelRules[],
): PermittedPassthrough | Refusal | undefined {
  const nearest = levels.find(({ passthrough }) => passthrough !== undefined)?.passthrough;
  if (nearest === undefined) return undefined;
  for (const rules of levels) {
    const refusal = refuseAt(rules, asked, nearest.channel);
    if (refusal !== undefined) return refusal;
  }
  return { channelId: nearest.channel, pattern: nearest.paths.find((pattern) => names(pattern, asked)) ?? '' };
}

function refuseAt(rules: LevelRules, asked: string, channel: string): Refusal | undefined {
  const { passthrough, allowedModels, deniedModels, maxOutputTokens } = rules;
  if (passthrough === undefined) {
    // A model and a length that nobody has read cannot be held against it.
    if ((allowedModels ?? deniedModels ?? maxOutputTokens) === undefined) return undefined;
    const what = 'limits models or output, which nobody sees in what is forwarded unread: name the path in it, too';
    return forbidden(rules, 'passthrough', what);
  }
  if (passthrough.channel !== channel) {
    return forbidden(rules, 'passthrough', `names another channel than "${channel}": have one of the policies changed`);
  }
  return passthrough.paths.some((pattern) => names(pattern, asked))
    ? undefined
    : forbidden(rules, 'passthrough', `does not permit ${asked.slice(0, 100)}: call what it names`);
}

function names(pattern: string, asked: string): boolean {
  return pattern.endsWith('*') ? asked.startsWith(pattern.slice(0, -1)) : asked === pattern;
}
