/** One row that is not what it has to be. */
export interface Finding {
  readonly table: string;
  readonly key: string;
  /** The height of the block, where it is known. */
  readonly block?: number;
  readonly stored: string;
  readonly expected: string;
}

/** What one check has seen. */
export interface CheckResult {
  readonly check: string;
  /** What was compared, such as `12 blocks`. */
  readonly seen: string;
  /** How many are wrong, where the check counts them. */
  readonly wrong: number;
  /** The first of them. */
  readonly first?: Finding;
}

/** Keeps the first of the findings and counts all. */
export class Findings {
  #first: Finding | undefined;
  #count = 0;

  add(finding: Finding): void {
    this.#first ??= finding;
    this.#count += 1;
  }

  result(check: string, seen: string): CheckResult {
    return { check, seen, wrong: this.#count, ...(this.#first === undefined ? {} : { first: this.#first }) };
  }
}

const maxShownLength = 400;

/** A row's content in a line of output. */
export const shown = (fields: readonly unknown[]): string => {
  const text = JSON.stringify(fields);
  return text.length <= maxShownLength ? text : `${text.slice(0, maxShownLength)}…`;
};
