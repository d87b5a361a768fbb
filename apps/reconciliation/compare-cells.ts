import { type Cells, sameSums, type Scope, scopeName } from './cells.js';

/**
 * The scopes in which two sides hold different sums. Equal sums end the comparison; nothing is netted across cells, so
 * too much in one hour never hides too little in the next.
 */
export function findUnequalScopes(expected: Cells, found: Cells): Scope[] {
  const unequal = new Map<string, Scope>();
  for (const [name, { scope }] of [...expected, ...found]) {
    const one = expected.get(name);
    const other = found.get(name);
    if (one === undefined || other === undefined || !sameSums(one, other)) unequal.set(scopeName(scope), scope);
  }
  return [...unequal.values()];
}
