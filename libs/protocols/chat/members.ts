import type { JsonObject } from '#usage/json.js';
import type { Losses } from './losses.js';

/** A body breaks its own protocol. The message is a sentence for the client; it never repeats content. */
export class InvalidBody extends Error {
  constructor(
    readonly at: string,
    message: string,
  ) {
    super(message);
  }
}

/**
 * Reads one body. Every member that is read is crossed off; what is left over at the end nobody understood, and it is
 * told as a loss: so nothing is dropped in silence, whatever a provider invents.
 */
export class Reading {
  readonly #opened: Members[] = [];

  constructor(readonly losses: Losses) {}

  /** @throws InvalidBody when the value is no JSON object */
  open(value: unknown, at = ''): Members {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw new InvalidBody(at, `${at === '' ? 'The body' : at} must be a JSON object.`);
    }
    const members = new Members(value as JsonObject, at, this);
    this.#opened.push(members);
    return members;
  }

  /** Tells the members that nobody has read as losses, and forgets them: a stream does this once for each event. */
  close(): void {
    for (const members of this.#opened) {
      for (const name of members.unread()) this.losses.add(members.pathOf(name), 'it is not known here');
    }
    this.#opened.length = 0;
  }
}

/**
 * The members of an untrusted JSON object. In all four protocols null is as good as absent. Gemini's names are asked
 * for in camelCase and found in snake_case too, as protobuf's JSON has it; the others' are in snake_case anyway.
 */
export class Members {
  readonly #unread: Set<string>;

  constructor(
    private readonly source: JsonObject,
    readonly at: string,
    private readonly reading: Reading,
  ) {
    this.#unread = new Set(Object.keys(source).filter((name) => this.has(name)));
  }

  get losses(): Losses {
    return this.reading.losses;
  }

  unread(): Iterable<string> {
    return this.#unread;
  }

  pathOf(name: string | number): string {
    const spelled = typeof name === 'string' ? this.#spelled(name) : name;
    return this.at === '' ? String(spelled) : `${this.at}.${spelled}`;
  }

  /** Whether the member is there, without reading it. */
  has(name: string): boolean {
    const value = this.source[this.#spelled(name)];
    return value !== null && value !== undefined;
  }

  /** Crosses off what says nothing that any other protocol could want: the reader says why beside it. */
  ignore(...names: readonly string[]): void {
    for (const name of names) this.#unread.delete(this.#spelled(name));
  }

  /** The member as it is, whatever it is. */
  value(name: string): unknown {
    const spelled = this.#spelled(name);
    this.#unread.delete(spelled);
    return this.source[spelled] ?? undefined;
  }

  string(name: string): string | undefined {
    const value = this.value(name);
    if (value === undefined || typeof value === 'string') return value;
    throw this.wrong(name, 'a string');
  }

  /** @throws InvalidBody when it is absent */
  requiredString(name: string): string {
    return this.string(name) ?? this.missing(name);
  }

  number(name: string): number | undefined {
    const value = this.value(name);
    // JSON's 1e400 is Infinity here, and would be written as null.
    if (value === undefined || (typeof value === 'number' && Number.isFinite(value))) return value;
    throw this.wrong(name, 'a number');
  }

  integer(name: string): number | undefined {
    const value = this.number(name);
    if (value === undefined || Number.isSafeInteger(value)) return value;
    throw this.wrong(name, 'a whole number');
  }

  boolean(name: string): boolean | undefined {
    const value = this.value(name);
    if (value === undefined || typeof value === 'boolean') return value;
    throw this.wrong(name, 'true or false');
  }

  object(name: string): Members | undefined {
    const value = this.value(name);
    return value === undefined ? undefined : this.reading.open(value, this.pathOf(name));
  }

  /** A member that is taken over whole, such as a JSON Schema: nothing in it counts as unread. */
  json(name: string): JsonObject | undefined {
    const value = this.value(name);
    if (value === undefined || (typeof value === 'object' && !Array.isArray(value))) return value as JsonObject;
    throw this.wrong(name, 'a JSON object');
  }

  /** The entries of a list, each with its place; empty when the list is absent. */
  entries(name: string): { readonly value: unknown; readonly at: string }[] {
    const value = this.value(name) ?? [];
    if (!Array.isArray(value)) throw this.wrong(name, 'a list');
    return value.map((entry: unknown, index) => ({ value: entry, at: `${this.pathOf(name)}.${index}` }));
  }

  /** The entries of a list of objects. */
  objects(name: string): Members[] {
    return this.entries(name).map(({ value, at }) => this.reading.open(value, at));
  }

  strings(name: string): string[] | undefined {
    if (!this.has(name)) return undefined;
    return this.entries(name).map(({ value, at }) => {
      if (typeof value === 'string') return value;
      throw new InvalidBody(at, `${at} must be a string.`);
    });
  }

  missing(name: string): never {
    throw new InvalidBody(this.pathOf(name), `${this.pathOf(name)} is missing.`);
  }

  wrong(name: string, expected: string): InvalidBody {
    return new InvalidBody(this.pathOf(name), `${this.pathOf(name)} must be ${expected}.`);
  }

  /** Tells the whole object as a loss and crosses off all of it. */
  lose(reason: string): void {
    this.#unread.clear();
    this.losses.add(this.at, reason);
  }

  /** Tells one member as a loss of no consequence and crosses it off; nothing when it is absent. */
  hint(name: string, reason: string): void {
    if (this.#unread.delete(this.#spelled(name))) this.losses.hint(this.pathOf(name), reason);
  }

  /** How this body spells the name. */
  #spelled(name: string): string {
    if (Object.hasOwn(this.source, name)) return name;
    const snakeCase = name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    return Object.hasOwn(this.source, snakeCase) ? snakeCase : name;
  }
}
