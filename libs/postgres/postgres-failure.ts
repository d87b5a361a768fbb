/** A Postgres that cannot be used as it is: the message says what is wrong and what to do, and holds no password. */
export class PostgresFailure extends Error {
  override readonly name = 'PostgresFailure';

  /** @param passing whether waiting may help: the server is away or starting, rather than configured otherwise. */
  constructor(
    message: string,
    readonly passing: boolean,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** SQLSTATE (https://www.postgresql.org/docs/18/errcodes-appendix.html) or Node's code → what to tell a person. */
const explanations: Record<string, { readonly passing: boolean; readonly say: string }> = {
  ECONNREFUSED: { passing: true, say: 'Nothing listens there: start Postgres or correct DATABASE_URL.' },
  ECONNRESET: { passing: true, say: 'The server broke off: it is restarting, or something between closed the line.' },
  ETIMEDOUT: { passing: true, say: 'It does not answer: check the address and the firewall.' },
  EHOSTUNREACH: { passing: true, say: 'There is no route to it: check the address and the network.' },
  ENOTFOUND: { passing: false, say: 'The host name is unknown: correct DATABASE_URL.' },
  EAI_AGAIN: { passing: true, say: 'The host name could not be looked up: check the network.' },
  '28P01': { passing: false, say: 'The password is wrong: correct it in DATABASE_URL.' },
  '28000': { passing: false, say: 'This user may not connect: check the user in DATABASE_URL and pg_hba.conf.' },
  '3D000': { passing: false, say: 'Create it or correct DATABASE_URL.' },
  '42501': {
    passing: false,
    say: 'The user lacks a privilege: migrate as a superuser, or as a user with CREATEROLE that owns the database.',
  },
  '22023': { passing: false, say: 'A role is missing or not granted to this user: migrate the database first.' },
  '53300': { passing: true, say: 'It has no free connection: raise max_connections or stop what holds them.' },
  '57P01': { passing: true, say: 'The server is shutting down.' },
  '57P02': { passing: true, say: 'The server crashed and is recovering.' },
  '57P03': { passing: true, say: 'The server is still starting.' },
};

/** Turns an error of connecting or migrating into a sentence. The cause stays attached. */
export function postgresFailure(error: unknown, url: string): PostgresFailure {
  if (error instanceof PostgresFailure) return error;
  const message = messageOf(error);
  const advice = explanationOf(error)?.say ?? '';
  const what = `Postgres at ${addressOf(url)}: ${message}. ${advice}`.trimEnd();
  return new PostgresFailure(what, isPassing(error), { cause: error });
}

/** Whether the server is away, starting or broke off, so that the same again may succeed later. */
export function isPassing(error: unknown): boolean {
  return explanationOf(error)?.passing ?? false;
}

function explanationOf(error: unknown) {
  const code = codeOf(error);
  if (code !== undefined) return explanations[code];
  // node-postgres reports a connection that did not come about in time, or broke, without a code; TypeORM one that broke
  // between two statements of a transaction.
  return /timeout|terminated|not queryable|runner (was )?already released/i.test(messageOf(error))
    ? explanations['ETIMEDOUT']
    : undefined;
}

function messageOf(error: unknown): string {
  return error instanceof Error && error.message !== '' ? error.message : (codeOf(error) ?? String(error));
}

/** `host:port/database`, without user and password. */
export function addressOf(url: string): string {
  if (!/^postgres(ql)?:/.test(url) || !URL.canParse(url)) {
    return '(DATABASE_URL is not of the form postgresql://user:password@host:port/database)';
  }
  const { hostname, port, pathname } = new URL(url);
  return `${hostname}:${port === '' ? '5432' : port}${pathname}`;
}

function codeOf(error: unknown): string | undefined {
  // A name with several addresses fails with one error per address: they share their reason.
  if (error instanceof AggregateError) return codeOf(error.errors[0]);
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}
