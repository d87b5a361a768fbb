import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from '#jetstream/eventually.fixture.js';
import { testClickHouse, type TestClickHouse } from '#testing/clickhouse.js';
import { connectClickHouse } from './connect.js';
import { migrateClickHouse, MigrationError } from './migrate.js';

let engine: TestClickHouse;
beforeAll(async () => void (engine = await testClickHouse()));
afterAll(() => engine.drop());

describe('ClickHouse in this process', () => {
  beforeAll(() =>
    engine.clickhouse.command(
      "CREATE TABLE things (name String, amount Nullable(Decimal(38, 12)), big UInt64, at DateTime64(3, 'UTC')) ENGINE = MergeTree ORDER BY name",
    ),
  );
  const thing = { name: 'one', amount: null as string | null, big: '1', at: '2026-07-24 10:00:00.123' };

  it('gives amounts and 64-bit integers back exactly', async () => {
    const amount = '999999999999999.123456789012';
    await engine.clickhouse.insertRows('things', [{ ...thing, name: 'exact', amount, big: '18446744073709551615' }]);
    const rows = await engine.clickhouse.query(
      'SELECT toString(amount) AS text, toString(big) AS big FROM things WHERE amount = {amount:Decimal(38, 12)}',
      { amount },
    );
    expect(rows).toEqual([{ text: amount, big: '18446744073709551615' }]);
  });

  it('keeps every character of a text, in a row and in a parameter', async () => {
    const name = 'a\'b"c`d\\e\n\t;--/* {x:String} \u0000 é 💶 %27';
    await engine.clickhouse.insertRows('things', [{ ...thing, name }]);
    const found = await engine.clickhouse.query('SELECT name FROM things WHERE name = {name:String}', { name });
    expect(found).toEqual([{ name }]);
    const listed = await engine.clickhouse.query('SELECT name FROM things WHERE name IN {names:Array(String)}', {
      names: [name, 'x'],
    });
    expect(listed).toEqual([{ name }]);
  });

  it('refuses a column that the table does not have', async () => {
    await expect(engine.clickhouse.insertRows('things', [{ ...thing, nam: 'x' }])).rejects.toThrow('Unknown field');
  });

  it('writes an insert as one part, and does not keep its settings', async () => {
    const before = await engine.clickhouse.query("SELECT value FROM system.settings WHERE name = 'async_insert'");
    const names = Array.from({ length: 5000 }, (_, index) => ({ ...thing, name: `part ${index}` }));
    await engine.clickhouse.insertRows('things', names);
    const parts = await engine.clickhouse.query(
      "SELECT rows FROM system.parts WHERE table = 'things' AND rows >= 5000 AND level = 0",
    );
    expect(parts).toEqual([{ rows: 5000 }]);
    expect(await engine.clickhouse.query("SELECT value FROM system.settings WHERE name = 'async_insert'")).toEqual(
      before,
    );
  });

  it('answers one question while it works on another', async () => {
    const finished: string[] = [];
    await Promise.all([
      engine.clickhouse.query('SELECT sleep(1)').then(() => finished.push('slow')),
      engine.clickhouse.query('SELECT 1').then(() => finished.push('quick')),
    ]);
    expect(finished).toEqual(['quick', 'slow']);
  });

  it('waits for an insert that is still running', async () => {
    await engine.clickhouse.command('CREATE TABLE slow (n UInt64) ENGINE = MergeTree ORDER BY n');
    const insert = engine.clickhouse.command('INSERT INTO slow SELECT sleepEachRow(0.5) FROM numbers(2)');
    const running = () => engine.clickhouse.query("SELECT 1 FROM system.processes WHERE query_kind = 'Insert'");
    await eventually(async () => expect(await running()).toHaveLength(1));
    await engine.clickhouse.settleInserts('slow');
    expect(await engine.clickhouse.query('SELECT n FROM slow')).toHaveLength(2);
    await insert;
  });

  it('says which directory cannot be opened', () => {
    expect(() => connectClickHouse({ directory: '/dev/null' })).toThrow(/^ClickHouse cannot open \/dev\/null/);
  });
});

describe('a ClickHouse migration', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'tollgate-migrations-'));
    await engine.clickhouse.command('DROP TABLE IF EXISTS migrations');
  });
  afterEach(() => rm(directory, { recursive: true }));
  const write = (name: string, sql: string) => writeFile(join(directory, name), sql);
  const migrate = () => migrateClickHouse(engine.clickhouse, directory);

  it('is applied once', async () => {
    await write(
      '0001-first.sql',
      'CREATE TABLE IF NOT EXISTS first (n UInt8) ENGINE = Memory;\nINSERT INTO first VALUES (1);',
    );
    await migrate();
    await write('0002-second.sql', 'INSERT INTO first VALUES (2)');
    await migrate();
    await migrate();
    expect(await engine.clickhouse.query('SELECT n FROM first ORDER BY n')).toEqual([{ n: 1 }, { n: 2 }]);
  });

  it('is applied again when the process died in the middle of it', async () => {
    await write(
      '0001-half.sql',
      'CREATE TABLE IF NOT EXISTS half (n UInt8) ENGINE = Memory; SELECT no_such_function()',
    );
    await expect(migrate()).rejects.toThrow('no_such_function');
    await write(
      '0001-half.sql',
      'CREATE TABLE IF NOT EXISTS half (n UInt8) ENGINE = Memory; INSERT INTO half VALUES (1)',
    );
    await migrate();
    expect(await engine.clickhouse.query('SELECT n FROM half')).toEqual([{ n: 1 }]);
  });

  it('may not be changed or removed after it was applied', async () => {
    await write('0001-kept.sql', 'SELECT 1');
    await write('0002-changed.sql', 'SELECT 1');
    await migrate();
    await write('0002-changed.sql', 'SELECT 2');
    await expect(migrate()).rejects.toThrow(
      new MigrationError(
        'The ClickHouse migration 0002-changed.sql was changed after it was applied: restore it, and put the change into a new file.',
      ),
    );
    await rm(join(directory, '0002-changed.sql'));
    await expect(migrate()).rejects.toThrow('0002-changed.sql was removed after it was applied');
  });

  it('is missed when there is none', async () => {
    await expect(migrate()).rejects.toThrow('holds no migrations');
  });
});
