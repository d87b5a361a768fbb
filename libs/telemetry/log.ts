import type { LoggerService } from '@nestjs/common';
import { inspect } from 'node:util';

export type Level = 'debug' | 'info' | 'warn' | 'error';

const severity: Record<Level, number> = { debug: 0, info: 1, warn: 2, error: 3 };

/** Fields of a log line. Identities, counts and durations only: never a key, a token, a prompt or a completion. */
export type Fields = Readonly<Record<string, unknown>>;

/**
 * One JSON object per line: `time`, `level`, `app`, `message`, then `context` and the fields that were given.
 * It is Nest's logger too, so it takes Nest's argument order: a message, then fields or errors, then the context.
 */
export class JsonLogger implements LoggerService {
  constructor(
    private readonly app: string,
    private readonly level: Level,
    private readonly write: (line: string) => void,
  ) {}

  debug(message: unknown, ...rest: unknown[]): void {
    this.#line('debug', message, rest);
  }
  verbose(message: unknown, ...rest: unknown[]): void {
    this.#line('debug', message, rest);
  }
  log(message: unknown, ...rest: unknown[]): void {
    this.#line('info', message, rest);
  }
  warn(message: unknown, ...rest: unknown[]): void {
    this.#line('warn', message, rest);
  }
  error(message: unknown, ...rest: unknown[]): void {
    this.#line('error', message, rest);
  }
  fatal(message: unknown, ...rest: unknown[]): void {
    this.#line('error', message, rest);
  }

  #line(level: Level, message: unknown, rest: readonly unknown[]): void {
    if (severity[level] < severity[this.level]) return;
    const context = rest.findLast((part) => typeof part === 'string' && !isStack(part));
    const head = { time: new Date().toISOString(), level, app: this.app, message: text(message), context };
    // The head comes first and wins: a field of the same name cannot disguise a line.
    const line: unknown = Object.assign({}, head, ...[message, ...rest].map(fieldsOf), head);
    this.write(`${withoutCredentials(JSON.stringify(line, printable))}\n`);
  }
}

/** The app's log, on stderr: stdout belongs to what a command prints for its user. */
export function logger(app: string, level: Level = 'info'): JsonLogger {
  return new JsonLogger(app, level, (line) => process.stderr.write(line));
}

/** The message of an error and of what caused it: drivers put the true reason into `cause`. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return typeof error === 'string' ? error : inspect(error);
  return error.cause === undefined ? error.message : `${error.message} (${describeError(error.cause)})`;
}

function text(message: unknown): string {
  if (typeof message === 'object' && message !== null && !(message instanceof Error)) return '';
  return describeError(message);
}

function fieldsOf(part: unknown): Fields {
  if (part instanceof Error) return { error: describeError(part), stack: part.stack };
  if (typeof part === 'string') return isStack(part) ? { stack: part } : {};
  return typeof part === 'object' && part !== null ? { ...part } : {};
}

/** Nest passes a stack as a string before the context. */
function isStack(part: string): boolean {
  return /\n\s+at /.test(part);
}

const secretName = /(authorization|cookie|password|pepper|secret|token|api[-_]?key)$/i;

/** The last line of defence, not the first: nothing secret should be given to the log at all. */
function printable(name: string, value: unknown): unknown {
  if (secretName.test(name)) return '[secret]';
  if (typeof value === 'bigint') return value.toString();
  return value instanceof Error ? describeError(value) : value;
}

/** Drivers put the address that they could not reach into their errors, password and all. */
function withoutCredentials(line: string): string {
  return line.replace(/([a-z]+:\/\/[^\s:@/"]*:)[^\s@/"]+@/gi, '$1[secret]@');
}
