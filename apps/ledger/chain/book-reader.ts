import pg from 'pg';
import { postgresFailure } from '#postgres/postgres-failure.js';
import type { Field } from './canonical.js';

/** So many rows are in memory at a time, and as many on their way. */
const rowsPerFetch = 2000;
const connectTimeoutMs = 5_000;

export type Row = readonly Field[];

/**
 * The book as it stands at one moment, read by the role that may only read. Every value comes as Postgres writes it as
 * text. Indexes are not trusted: a broken or forged one could hide a row.
 */
export class BookReader {
  #cursors = 0;
  #last: Promise<unknown> = Promise.resolve();

  private constructor(private readonly client: pg.Client) {}

  /** @throws PostgresFailure that says what to do. */
  static async open(url: string): Promise<BookReader> {
    const client = new pg.Client({
      connectionString: url,
      application_name: 'tollgate-ledger-verify',
      connectionTimeoutMillis: connectTimeoutMs,
      keepAlive: true,
      types: { getTypeParser: () => (text: unknown) => text },
    });
    try {
      await client.connect();
      await client.query(`
        SET ROLE tollgate_ledger_reader;
        SET search_path = ledger;
        SET client_encoding = 'UTF8';
        SET timezone = 'UTC';
        SET datestyle = 'ISO';
        -- A policy that hides rows fails the reading instead.
        SET row_security = off;
        SET enable_indexscan = off;
        SET enable_indexonlyscan = off;
        SET enable_bitmapscan = off;
        SET cursor_tuple_fraction = 1;
        BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY`);
    } catch (error) {
      // One that cannot be ended is broken already: why it cannot be used is what there is to say.
      await client.end().catch(() => undefined);
      throw postgresFailure(error, url);
    }
    return new BookReader(client);
  }

  all(query: string, parameters: readonly unknown[] = []): Promise<Row[]> {
    return this.#inTurn(async () => {
      const { rows } = await this.client.query<Field[]>({ text: query, values: [...parameters], rowMode: 'array' });
      return rows;
    });
  }

  /** However many rows there are, a few thousand are in memory. */
  async *stream(
    query: string,
    parameters: readonly unknown[] = [],
    perFetch = rowsPerFetch,
  ): AsyncGenerator<Row, void> {
    const cursor = `book_${++this.#cursors}`;
    await this.all(`DECLARE ${cursor} NO SCROLL CURSOR FOR ${query}`, parameters);
    const fetch = () => this.all(`FETCH ${perFetch} FROM ${cursor}`);
    let coming = fetch();
    try {
      for (;;) {
        const rows = await coming;
        if (rows.length === 0) break;
        coming = fetch();
        yield* rows;
      }
    } finally {
      await coming.then(
        () => this.all(`CLOSE ${cursor}`),
        () => undefined,
      );
    }
  }

  async close(): Promise<void> {
    await this.#last;
    await this.client.end();
  }

  /** One connection does one thing at a time; several streams are read by turns. */
  #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const done = this.#last.then(work);
    // Whoever asked hears of its failure; the next one only waits for its turn.
    this.#last = done.catch(() => undefined);
    return done;
  }
}
