import type { BookReader } from './book-reader.js';
import { expectedGuards } from './expected-guards.js';
import { type CheckResult, Findings } from './finding.js';
import { readGuards } from './read-guards.js';

/** Triggers, grants, functions and movements are as the migrations made them. */
export async function verifyGuards(book: BookReader): Promise<CheckResult> {
  const found = await readGuards(book);
  const findings = new Findings();
  const nameOf = (line: string) => line.split(/[:(]/, 1).join().trim();
  for (const line of expectedGuards) {
    if (found.includes(line)) continue;
    const instead = found.filter((other) => nameOf(other) === nameOf(line) && !expectedGuards.includes(other));
    const stored = instead.length === 0 ? 'nothing of it' : instead.join('; ');
    findings.add({ table: 'the catalogue', key: nameOf(line), stored, expected: line });
  }
  const known = new Set(expectedGuards.map(nameOf));
  for (const line of found.filter((line) => !expectedGuards.includes(line) && !known.has(nameOf(line)))) {
    findings.add({ table: 'the catalogue', key: nameOf(line), stored: line, expected: 'nothing of it' });
  }
  return findings.result('guards', `${found.length} guards`);
}
