import type { ListedModel } from '../channels/list-models.js';
import { calledModel, refuseModel } from './check-policy.js';
import type { LevelRules } from './level-rules.js';

/** The models that a caller may call, by the names by which it can: those that are served, and its aliases. */
export function callableModels(served: readonly ListedModel[], levels: readonly LevelRules[]): ListedModel[] {
  if (levels.length === 0) return [...served];
  const byId = new Map(served.map((model) => [model.id, model]));
  const names = new Set([...byId.keys(), ...levels.flatMap(({ aliases }) => [...aliases.keys()])]);
  return [...names].flatMap((id) => {
    const called = calledModel(id, levels);
    const model = byId.get(called);
    return model === undefined || refuseModel(levels, called) !== undefined ? [] : [{ ...model, id }];
  });
}
