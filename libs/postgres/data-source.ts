import { Logger } from '@nestjs/common';
import pg from 'pg';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { PostgresFailure } from './postgres-failure.js';

export interface DataSourceSettings {
  readonly url: string;
  /** What the session may do: `tollgate_<app>`, without a login of its own. The user of the url must be a member. */
  readonly role: string;
  /** Where unqualified names live. */
  readonly schema: string;
  /** Shown in pg_stat_activity. */
  readonly applicationName: string;
  /** For an app that maps its tables with TypeORM's entities. */
  readonly entities?: readonly (new () => object)[];
}

/** Named maxima, per process. Seven processes stay well below Postgres' default of 100 connections. */
const maxConnections = 8;
const connectTimeoutMs = 5_000;
const statementTimeoutMs = 60_000;
const idleInTransactionTimeoutMs = 60_000;

/**
 * A connection that breaks while it passes between the pool and TypeORM, neither of which listens then, would end the
 * process. Nothing is lost: whoever queries it next is told.
 */
class ListeningClient extends pg.Client {
  constructor(config?: pg.ClientConfig) {
    super(config);
    this.on('error', () => undefined);
  }
}

/**
 * A pool whose every session acts as `role` in `schema`. Not yet connected: `initialize()` it.
 * `bigint` and `numeric` come back as strings, because a JSON number cannot hold them: read amounts with `BigInt`.
 */
export function createDataSource({
  url,
  role,
  schema,
  applicationName,
  entities = [],
}: DataSourceSettings): DataSource {
  // node-postgres lets the url's parameters win over ours: the session would run with the login's own rights.
  if (URL.canParse(url) && new URL(url).searchParams.has('options')) {
    throw new PostgresFailure('DATABASE_URL must not carry "options": the session\'s role is set there.', false);
  }
  return new DataSource({
    ...baseOptions(url),
    applicationName,
    entities: [...entities],
    poolSize: maxConnections,
    extra: {
      Client: ListeningClient,
      options: `-c role=${role} -c search_path=${schema} -c timezone=UTC`,
      statement_timeout: statementTimeoutMs,
      // A server that vanished without a word must not hold a batch for ever: the client gives up a little later.
      query_timeout: statementTimeoutMs + 5_000,
      idle_in_transaction_session_timeout: idleInTransactionTimeoutMs,
      keepAlive: true,
    },
  });
}

/** What application and migration connections share. */
export function baseOptions(url: string) {
  return {
    type: 'postgres',
    url,
    connectTimeoutMS: connectTimeoutMs,
    installExtensions: false,
    logging: false,
    poolErrorHandler: (error: unknown) => {
      // An idle connection broke: the pool opens another when one is needed.
      new Logger('Postgres').warn(
        `An idle connection was lost: ${error instanceof Error ? error.message : String(error)}`,
      );
    },
  } as const satisfies DataSourceOptions;
}
