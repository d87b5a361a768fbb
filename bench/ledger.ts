import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import type { DataSource } from 'typeorm';
import { uuidv7 } from 'uuidv7';
import { bookCharges } from '#apps/ledger/book-charges.js';
import { type Verification, verifyLedger } from '#apps/ledger/chain/verify-ledger.js';
import { deliveredCharge } from '#apps/ledger/charge-event.fixture.js';
import { insertCharges } from '#apps/ledger/insert-charges.js';
import { readGeneralLedgerTotals } from '#apps/ledger/read-general-ledger.js';
import type { ChargeEvent } from '#contracts/charge.js';
import { freePort } from '#embedded/ports.js';
import { startPostgres } from '#embedded/postgres.js';
import type { Delivered } from '#jetstream/handlers.js';
import { parseAmount, type Pico } from '#money/pico.js';
import { migrate } from '#postgres/migrate.js';
import { connectPostgres } from '#postgres/postgres.module.js';
import type { Figure, Note } from './benchmark.js';
import { measureLatency } from './ledger/latency.js';

const defaultCharges = 100_000;
const batchSize = 1000;
/** One commit per event is slow: a sample of it tells its rate. */
const singles = 1000;
/** A long run tells how it goes. */
const batchesPerNote = 250;

/** What an open book costs: the same rows, in the same batches, into a table without a key, a check or a trigger. */
const openTable = `
  CREATE SCHEMA open;
  CREATE TABLE open.charge AS TABLE ledger.charge WITH NO DATA;
  ALTER TABLE open.charge ALTER currency TYPE text, ALTER amount TYPE numeric, ALTER cost TYPE numeric;
  CREATE FUNCTION open.open_month(month date) RETURNS void LANGUAGE sql AS '';`;

/** Booking in batches against raw inserts and against one commit per event, on a Postgres of its own that syncs. */
export async function benchLedger(note: Note, charges = defaultCharges): Promise<Figure[]> {
  const folder = await mkdtemp(join(tmpdir(), 'tollgate-bench-'));
  const postgres = await startPostgres({
    dataDir: join(folder, 'postgres'),
    logFile: join(folder, 'postgres.log'),
    port: await freePort(),
    superuserPassword: 'bench',
    ownerPassword: 'bench',
  });
  try {
    await migrate(postgres.url);
    await execute(postgres.url, openTable);
    const connect = (role: string, schema: string) =>
      connectPostgres({ url: postgres.url, role, schema, applicationName: 'bench' });
    const [book, open] = await Promise.all([connect('tollgate_ledger', 'ledger'), connect('tollgate', 'open')]);
    try {
      return await measure({ book, open, charges, url: postgres.url, note });
    } finally {
      await Promise.all([book.destroy(), open.destroy()]);
    }
  } finally {
    await postgres.stop();
    await rm(folder, { recursive: true });
  }
}

interface Subjects {
  readonly book: DataSource;
  readonly open: DataSource;
  readonly charges: number;
  readonly url: string;
  readonly note: Note;
}

async function measure({ book, open, charges, url, note }: Subjects): Promise<Figure[]> {
  note(`${charges} charges in batches of ${batchSize}, raw and booked by turns.`);
  const count = Math.ceil(charges / batchSize);
  const [rawMs, bookedMs]: [number[], number[]] = [[], []];
  let handedOver = 0n;
  // A batch is made when it is booked: millions of them would not fit into memory.
  const batchAt = (index: number, size = batchSize) => {
    const batch = exampleBatch(index * batchSize).slice(0, size);
    handedOver += batch.reduce((sum, delivered) => sum + amountOf(delivered), 0n);
    return batch;
  };
  // By turns, so that a noisy neighbour disturbs both alike.
  for (let index = 0; index < count; index += 1) {
    const batch = batchAt(index);
    rawMs.push(await elapsedMs(() => insertCharges(open.manager, batch)));
    bookedMs.push(await elapsedMs(() => bookCharges(book, batch)));
    if ((index + 1) % batchesPerNote === 0) note(progress(rawMs, bookedMs));
  }
  note(`${singles} charges, each in a turn of its own.`);
  const alone = batchAt(count, singles);
  const singleMs = await elapsedMs(async () => {
    for (const delivered of alone) await bookCharges(book, [delivered]);
  });
  note('1,000 leases and balances, one after the other; then leases again while batches are booked.');
  let beside = count + 1;
  const latency = await measureLatency(book, () => bookCharges(book, batchAt(beside++)));
  const booked = perSecond(count * batchSize, sum(bookedMs));
  const single = perSecond(singles, singleMs);
  return [
    { name: 'raw unnest inserts', value: perSecond(count * batchSize, sum(rawMs)), unit: 'rows/s' },
    { name: 'booked', value: booked, unit: 'charges/s', target: { atLeast: 8000 } },
    { name: 'booked ÷ raw', value: (sum(rawMs) / sum(bookedMs)) * 100, unit: '%', target: { atLeast: 25 } },
    ...growth(rawMs, bookedMs),
    { name: 'one commit per event', value: single, unit: 'charges/s' },
    { name: 'booked ÷ one commit per event', value: booked / single, unit: '×', target: { atLeast: 10 } },
    ...latency,
    await verified(url, note),
    { name: 'gross error', value: await errorPpm(book, handedOver), unit: 'ppm', target: { atMost: 0 } },
  ];
}

/** How it goes: the last batches, booked and raw. */
function progress(rawMs: readonly number[], bookedMs: readonly number[]): string {
  const rate = (ms: readonly number[]) => perSecond(batchesPerNote * batchSize, sum(ms.slice(-batchesPerNote)));
  const [booked, raw] = [rate(bookedMs), rate(rawMs)];
  const percent = ((booked / raw) * 100).toFixed(0);
  return `${bookedMs.length * batchSize} booked: ${booked.toFixed(0)} charges/s of late, ${percent} % of raw.`;
}

/**
 * How the rate holds as the book grows: the last fifth of the batches against the first. Each beside the raw inserts of
 * the same time, so that it is not the machine's other work that is measured.
 */
function growth(rawMs: readonly number[], bookedMs: readonly number[]): Figure[] {
  const fifth = Math.floor(bookedMs.length / 5);
  if (fifth === 0) return [];
  const first = sum(rawMs.slice(0, fifth)) / sum(bookedMs.slice(0, fifth));
  const last = sum(rawMs.slice(-fifth)) / sum(bookedMs.slice(-fifth));
  return [
    { name: 'rate of the last fifth ÷ the first', value: (last / first) * 100, unit: '%', target: { atLeast: 80 } },
  ];
}

async function verified(url: string, note: Note): Promise<Figure> {
  note('The verifier, over the whole book.');
  let checked: Verification | undefined;
  const ms = await elapsedMs(async () => (checked = await verifyLedger(url)));
  const wrong = checked?.results.filter((result) => result.wrong > 0).map(({ check }) => check);
  if (wrong === undefined || wrong.length > 0) throw new Error(`The verifier finds the book wrong: ${wrong?.join()}.`);
  const events = /^\d+/.exec(checked?.results.find(({ check }) => check === 'identities')?.seen ?? '')?.[0];
  return { name: 'verified', value: (Number(events) / ms) * 1000, unit: 'charges/s' };
}

const perSecond = (count: number, ms: number) => (count / ms) * 1000;

const sum = (numbers: readonly number[]) => numbers.reduce((total, one) => total + one, 0);

const amountOf = ({ event: { data } }: Delivered<ChargeEvent>) =>
  data.rating.status === 'charged' ? parseAmount(data.rating.amount) : 0n;

/** |general ledger − Σ of what was handed over| ÷ the latter. */
async function errorPpm(book: DataSource, expected: Pico): Promise<number> {
  const { totals } = await readGeneralLedgerTotals(book, {});
  const found = totals.reduce((sum, { revenue }) => sum + parseAmount(revenue), 0n);
  const difference = found > expected ? found - expected : expected - found;
  return Number((difference * 1_000_000_000n) / expected) / 1000;
}

function exampleBatch(from: number): Delivered<ChargeEvent>[] {
  return Array.from({ length: batchSize }, (_, index) =>
    deliveredCharge({
      id: uuidv7(),
      amount: BigInt(1_000_000 + from + index),
      provider: index % 3 === 0 ? 'anthropic' : 'openai',
      sequence: from + index,
    }),
  );
}

async function elapsedMs(work: () => Promise<unknown>): Promise<number> {
  const startedMs = performance.now();
  await work();
  return performance.now() - startedMs;
}

async function execute(url: string, statements: string): Promise<void> {
  const client = new pg.Client(url);
  await client.connect();
  await client.query(statements);
  await client.end();
}
