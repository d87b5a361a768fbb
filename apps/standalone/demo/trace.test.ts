import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readTrace } from './trace.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'trace-'));
});
afterAll(() => rm(folder, { recursive: true }));

const header = 'TIMESTAMP,ContextTokens,GeneratedTokens';
async function trace(...lines: string[]): Promise<string> {
  const path = join(folder, 'trace.csv');
  await writeFile(path, lines.join('\n'));
  return path;
}

describe('a trace', () => {
  it('is read line by line, with fractions of a millisecond', async () => {
    const path = await trace(header, '2023-11-16 18:15:46.6805900,374,44', '2024-05-10 02:00:00.5+02:00,0,0\r', '');
    expect(await readTrace(path)).toEqual([
      { atMs: expect.closeTo(Date.UTC(2023, 10, 16, 18, 15, 46) + 680.59, 3), contextTokens: 374, generatedTokens: 44 },
      { atMs: Date.UTC(2024, 4, 10, 0, 0, 0, 500), contextTokens: 0, generatedTokens: 0 },
    ]);
  });

  it('is read, and checked, as far as it is asked for', async () => {
    const path = await trace(header, '2023-11-16 18:15:46.68,374,44', 'not a request');
    expect(await readTrace(path, 1)).toHaveLength(1);
    await expect(readTrace(path, 2)).rejects.toThrow();
  });

  it.each([
    ['2023-11-16 18:15:46,374', 'expected 3 fields, found 2.'],
    ['2023-11-16 18:15:46,374,44,1', 'expected 3 fields, found 4.'],
    ['yesterday,374,44', 'TIMESTAMP "yesterday" is not a time'],
    ['2023-02-31 18:15:46,374,44', 'TIMESTAMP "2023-02-31 18:15:46" is not a time'],
    ['2023-11-16 25:15:46,374,44', 'TIMESTAMP "2023-11-16 25:15:46" is not a time'],
    ['2023-11-16 18:15:46,-1,44', 'ContextTokens "-1" is not a whole number from 0 to 1000000.'],
    ['2023-11-16 18:15:46,1000001,44', 'ContextTokens "1000001" is not'],
    ['2023-11-16 18:15:46,374,4.5', 'GeneratedTokens "4.5" is not a whole number'],
    ['2023-11-16 18:15:46,374,', 'GeneratedTokens "" is not'],
  ])('with the line %s is refused by file, line and fault', async (line, fault) => {
    const path = await trace(header, '2023-11-16 18:15:46,374,44', line);
    await expect(readTrace(path)).rejects.toThrow(`${path}, line 3: ${fault}`);
  });

  it('names every wrong line, up to ten', async () => {
    const path = await trace(header, ...Array.from({ length: 12 }, () => 'x,1,1'));
    await expect(readTrace(path)).rejects.toThrow(/^(.*line \d+: .*\n){9}.*line 11: .*$/);
  });

  it('without its header, without requests or without a file is refused', async () => {
    await expect(readTrace(await trace('2023-11-16 18:15:46,374,44'))).rejects.toThrow(/line 1: expected TIMESTAMP,/);
    await expect(readTrace(await trace(header))).rejects.toThrow(/holds no requests/);
    await expect(readTrace(await trace(''))).rejects.toThrow(/holds no requests/);
    await expect(readTrace(join(folder, 'none.csv'))).rejects.toThrow(/Cannot read the trace .*none\.csv: ENOENT/);
    await expect(readTrace(await trace(header, '"2023'))).rejects.toThrow(/Cannot read the trace .*line 2/i);
  });
});
