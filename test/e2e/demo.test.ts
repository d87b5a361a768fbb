import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { generateTrace } from '#apps/standalone/demo/generate-trace.js';
import { planRequest } from '#apps/standalone/demo/plan-request.js';
import type { TraceRow } from '#apps/standalone/demo/trace.js';
import { runTollgate, startInstance, type Instance } from '../support/instance.js';
import { totalByHand, totalsByHand } from '../oracles/price-by-hand.js';

let instance: Instance;
let folder: string;
beforeAll(async () => {
  [instance, folder] = await Promise.all([startInstance(), mkdtemp(join(tmpdir(), 'demo-'))]);
}, 120_000);
afterAll(() => Promise.all([instance.stop(), rm(folder, { recursive: true })]));

interface Line {
  readonly name: string;
  readonly amount: string;
}
/** What the report says, as who reads the file sees it. */
interface Report {
  readonly byTeam: readonly Line[];
  readonly byModel: readonly Line[];
}
const amounts = (lines: readonly Line[]) => Object.fromEntries(lines.map(({ name, amount }) => [name, amount]));

async function replay(rows: readonly TraceRow[]) {
  const [trace, report] = [join(folder, 'trace.csv'), join(folder, 'report.json')];
  const lines = rows.map(
    ({ atMs, contextTokens, generatedTokens }) =>
      `${new Date(atMs).toISOString().replace('T', ' ').replace('Z', '0000')},${contextTokens},${generatedTokens}`,
  );
  await writeFile(trace, `TIMESTAMP,ContextTokens,GeneratedTokens\n${lines.join('\n')}\n`);
  const ended = await runTollgate(['demo', '--data', instance.data, '--trace', trace, '--report', report]);
  return { ended, report: JSON.parse(await readFile(report, 'utf8')) as Report };
}

describe('the demo', () => {
  it('bills what the trace and the price sheets say, computed by hand', async () => {
    const rows = generateTrace(400);
    const { ended, report } = await replay(rows);
    expect(ended).toMatchObject({ code: 0, output: expect.stringContaining('gross error, ppm') });

    const requests = rows.map((row, index) => planRequest(index, row));
    const total = totalByHand(requests);
    expect(report).toMatchObject({
      requests: 400,
      usageEvents: 400,
      charges: 400,
      suspended: 0,
      quarantined: 0,
      voided: 0,
      chargedAmount: total,
      ledgerRevenue: total,
      clickhouseAmount: total,
      recomputedAmount: total,
      grossErrorPpm: 0,
    });
    expect(amounts(report.byTeam)).toEqual(totalsByHand(requests, ({ team }) => team));
    expect(amounts(report.byModel)).toEqual(totalsByHand(requests, ({ model }) => model));
  }, 120_000);

  it('bills nothing for nothing, and one for one', async () => {
    const { report } = await replay([
      { atMs: 0, contextTokens: 0, generatedTokens: 0 },
      { atMs: 0, contextTokens: 1, generatedTokens: 0 },
    ]);
    const requests = [
      { atMs: 0, contextTokens: 0, generatedTokens: 0 },
      { atMs: 0, contextTokens: 1, generatedTokens: 0 },
    ];
    expect(report).toMatchObject({
      usageEvents: 2,
      charges: 2,
      chargedAmount: totalByHand(requests.map((row, index) => planRequest(index, row))),
    });
  }, 120_000);
});
