import { setTimeout as delay } from 'node:timers/promises';
import {
  type ClickHouseClient,
  type ClickHouseClientConfigOptions,
  ClickHouseLogLevel,
  createClient,
} from '@clickhouse/client';
import { createChdbConnection } from 'chdb/connection';

/** A server or cluster by its URL, `http://user:password@host:8123/database`; or the engine in this process, on a directory. */
export type ClickHouseTarget = { readonly url: string } | { readonly directory: string };

/** What a statement is given beside its text. Amounts and 64-bit integers travel as strings. */
export type Parameters = Readonly<Record<string, string | number | readonly string[]>>;

/**
 * ClickHouse, on a server or in this process: the same statements, the same answers.
 *
 * It takes no settings beside a statement on purpose: the engine in this process would keep them for every later
 * statement, and a deduplication token given that way drops every later insert. Settings belong into the SQL text.
 */
export interface ClickHouse {
  /** Inserts the rows as one part, all of them or none, into a table without partitions. Resolves when they are stored. */
  insertRows(table: string, rows: readonly object[]): Promise<void>;
  /**
   * Resolves when no insert into the table is running. One whose answer got lost, with the connection or with the
   * process that asked, may still be: a look-up before it ends would miss its rows.
   * @throws Error when it has not ended after 30 s.
   */
  settleInserts(table: string): Promise<void>;
  /** Values go in as parameters, `{name:Type}` in the SQL, and never as part of its text. */
  query<Row>(sql: string, parameters?: Parameters): Promise<Row[]>;
  /** Runs a statement that answers nothing, such as DDL. */
  command(sql: string): Promise<void>;
  close(): Promise<void>;
}

/** A connection of the engine runs one statement at a time: with a few, a long report does not hold up an insert. */
const EMBEDDED_CONNECTIONS = 3;
const STATEMENT_TIMEOUT_MS = 120_000;
const SETTLE_TIMEOUT_MS = 30_000;
const SETTLE_POLL_MS = 50;

/**
 * Since ClickHouse 26 inserts are asynchronous unless told otherwise: the server merges them with others as it likes.
 * A misspelt column is an error: unasked, it would be left out.
 */
const insertSettings = 'async_insert = 0, input_format_skip_unknown_fields = 0';

/** @throws Error when the directory cannot be opened. A server is contacted by the first statement. */
export function connectClickHouse(target: ClickHouseTarget): ClickHouse {
  const clients = 'url' in target ? [connectServer(target.url)] : openEngine(target.directory);
  const onLeastBusy = balance(clients);
  const command = (sql: string) => onLeastBusy(async (client) => void (await client.command({ query: sql })));
  const query = <Row>(sql: string, parameters: Parameters = {}) =>
    onLeastBusy(async (client) => {
      const answer = await client.query({ query: sql, format: 'JSONEachRow', query_params: { ...parameters } });
      return answer.json<Row>();
    });
  return {
    command,
    query,
    insertRows: async (table, rows) => {
      if (rows.length === 0) return;
      const lines = rows.map((row) => JSON.stringify(row)).join('\n');
      await command(`${insertInto(table)} SETTINGS ${insertSettings} FORMAT JSONEachRow\n${lines}`);
    },
    settleInserts: async (table) => {
      for (let waitedMs = 0; waitedMs < SETTLE_TIMEOUT_MS; waitedMs += SETTLE_POLL_MS) {
        const running = await query(
          "SELECT 1 FROM system.processes WHERE query_kind = 'Insert' AND startsWith(query, {insert:String})",
          { insert: `${insertInto(table)} ` },
        );
        if (running.length === 0) return;
        await delay(SETTLE_POLL_MS);
      }
      throw new Error(`An insert into ${table} is still running after ${SETTLE_TIMEOUT_MS / 1000} s.`);
    },
    close: async () => {
      await Promise.all(clients.map((client) => client.close()));
    },
  };
}

/** An error is thrown: who catches it logs it, and without the statement, which may be a whole batch. */
const log = { level: ClickHouseLogLevel.OFF };

const insertInto = (table: string) => `INSERT INTO ${table}`;

function connectServer(url: string): ClickHouseClient {
  // A batch's ids are longer than an address may be: they go into the body.
  return createClient({
    url,
    log,
    application: 'tollgate',
    request_timeout: STATEMENT_TIMEOUT_MS,
    use_multipart_params_auto: true,
  });
}

// The client carries a copy of the connection's types, and the engine names the original: equal, but not to the compiler.
type Connection = NonNullable<ClickHouseClientConfigOptions['connection']>;

function openEngine(directory: string): ClickHouseClient[] {
  try {
    return Array.from({ length: EMBEDDED_CONNECTIONS }, () =>
      createClient({ log, connection: createChdbConnection({ path: directory }) as unknown as Connection }),
    );
  } catch (error) {
    throw new Error(
      `ClickHouse cannot open ${directory}: another process holds it, this process holds another directory, or it cannot be written.`,
      { cause: error },
    );
  }
}

function balance(clients: readonly ClickHouseClient[]) {
  const lanes = clients.map((client) => ({ client, running: 0 }));
  return async <Answer>(run: (client: ClickHouseClient) => Promise<Answer>): Promise<Answer> => {
    const lane = lanes.reduce((least, other) => (other.running < least.running ? other : least));
    lane.running += 1;
    try {
      return await run(lane.client);
    } finally {
      lane.running -= 1;
    }
  };
}
