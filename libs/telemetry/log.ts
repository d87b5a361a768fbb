import type { LoggerService } from '@nestjs/common';

export type Level = 'debug' | 'info' | 'warn' | 'error';

const severity: Record<Level, number> = { debug: 0, info: 1, warn: 2, error: 3 };

/** Fields of a log line. Identities, counts and durations only: never a key, a token, a prompt or a completion. */
export type Fields = Readonly<Record<string, unknown>>;

/**
 * One JSON object per line on stderr: `time`, `level`, `app`, `message`, then `context` and what else was given.
 * It is Nest's logger too, so it takes Nest's argument order: a message, then fields or errors, then the context.
 */
export class JsonLogger implements LoggerService {
  constructor(
    private readonly app: string,
    private readonly level: Level,
    private readonly write: (line: string) => void,
  ) {}

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
  debug(message: unknown, ...rest: unknown[]): void {
    this.#line('debug', message, rest);
  }
  verbose(message: unknown, ...rest: unknown[]): void {
    this.#line('debug', message, rest);
  }

  #line(level: Level, message: unknown, rest: readonly unknown[]): void {
    if (severity[level] < severity[this.level]) return;
    const fields = Object.assign({}, ...[message, ...rest].map(fieldsOf)) as Fields;
    const context = rest.findLast((part) => typeof part === 'string' && !isStack(part));
    const line = { time: new Date().toISOString(), level, app: this.app, message: text(message), context, ...fields };
    this.write(`${JSON.stringify(line, plain)}\n`);
  }
}

export function logger(app: string, level: Level = 'info'): JsonLogger {
  return new JsonLogger(app, level, (line) => process.stderr.write(line));
}

function text(message: unknown): string {
  if (typeof message === 'string') return message;
  if (message instanceof Error) return message.message;
  return typeof message === 'object' ? '' : `${message as number}`;
}

function fieldsOf(part: unknown): Fields {
  if (part instanceof Error)
    return { stack: part.stack, ...(part.cause === undefined ? {} : { cause: describe(part.cause) }) };
  if (typeof part === 'string') return isStack(part) ? { stack: part } : {};
  return typeof part === 'object' && part !== null && !Array.isArray(part) ? (part as Fields) : {};
}

/** Nest passes a stack as a string before the context. */
function isStack(part: string): boolean {
  return /\n\s+at /.test(part);
}

/** The message of an error and of what caused it: drivers put the true reason into `cause`. */
export function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined ? error.message : `${error.message}: ${describe(error.cause)}`;
}

function plain(_name: string, value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString();
  return value instanceof Error ? describe(value) : value;
}
