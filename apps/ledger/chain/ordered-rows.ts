import type { Row } from './book-reader.js';

/** Rows in the order of an id in their first field, taken one id after the other. */
export class OrderedRows {
  readonly #rows: AsyncIterator<Row, void>;
  #next: Row | undefined;

  private constructor(rows: AsyncIterator<Row, void>) {
    this.#rows = rows;
  }

  static async of(rows: AsyncGenerator<Row, void>): Promise<OrderedRows> {
    const ordered = new OrderedRows(rows);
    await ordered.#advance();
    return ordered;
  }

  /** The rows that come before the id: they belong to none that was asked for. */
  async *before(id: bigint | undefined): AsyncGenerator<Row, void> {
    while (this.#next !== undefined && (id === undefined || BigInt(this.#next[0] ?? 0) < id)) {
      yield this.#next;
      await this.#advance();
    }
  }

  async *at(id: bigint): AsyncGenerator<Row, void> {
    while (this.#next !== undefined && BigInt(this.#next[0] ?? 0) === id) {
      yield this.#next;
      await this.#advance();
    }
  }

  async #advance(): Promise<void> {
    const next = await this.#rows.next();
    this.#next = next.done === true ? undefined : next.value;
  }
}
