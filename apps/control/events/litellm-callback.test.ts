import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { INestMicroservice } from '@nestjs/common';
import { startOtherApps } from '../other-apps.fixture.js';
import { TestControl } from '../test-control.fixture.js';
import { usageOfReport } from './usage-of-report.js';
import { usageReport } from './usage-report.js';

const example = join(process.cwd(), 'docs/examples/litellm-callback');
const script = join(example, 'tollgate_callback.py');
const hasPython = spawnSync('python3', ['--version']).status === 0;
const batch = { 'content-type': 'application/cloudevents-batch+json' };

let control: TestControl;
let others: INestMicroservice;
let key: string;
/** What the callback makes of payloads.json, which has one of each kind of call. */
let reports: { id: string; data: object }[];

beforeAll(async () => {
  control = await TestControl.start();
  ({ app: others } = await startOtherApps(control.nats.url));
  await control.organisation('acme');
  const issued = await control.did('POST /v1/organisations/acme/keys', { body: { id: 'k1', projectId: 'web' } });
  key = String(issued['key']);
  reports = JSON.parse(await readFile(join(example, 'reports.json'), 'utf8')) as typeof reports;
});
afterAll(async () => {
  await others.close();
  await control.stop();
});

it('what the callback sends is taken, and again', async () => {
  const send = () => control.did('POST /api/events', { token: key, headers: batch, body: reports });
  expect(await send()).toMatchObject({ accepted: reports.length, repeated: 0 });
  expect(await send()).toMatchObject({ accepted: 0, repeated: reports.length });
});

it('what LiteLLM counts is read as the provider billed it, and what it does not count is missing, not free', () => {
  const read = reports.map((report) => usageOfReport(usageReport.parse(report)));
  const counted = (at: number) => read[at]?.segments[0];
  expect(read.map(({ provider, completeness }) => [provider, completeness])).toEqual([
    ...[
      ['openai', 'final'],
      ['anthropic', 'final'],
      ['google', 'final'],
      ['openai', 'final'],
    ],
    ...[
      ['openai', 'missing'],
      ['openai', 'partial'],
    ],
  ]);
  expect(counted(0)).toMatchObject({
    in: { fresh: { text: 176 }, cacheRead: { text: 1024 } },
    out: { text: 16, reasoning: 64 },
  });
  expect(counted(1)).toMatchObject({
    in: { fresh: { text: 100 }, cacheRead: { text: 1000 }, cacheWrite: { ttl5m: 300, ttl1h: 100 } },
    out: { text: 300 },
  });
  expect(counted(2)).toMatchObject({ in: { fresh: { text: 10 } }, out: { text: 10, reasoning: 40 } });
  expect(counted(3)?.in).toEqual({ fresh: { text: 7 } });
  expect(read.flatMap(({ anomalies }) => anomalies)).toEqual([]);
});

// The suite needs no Python: without it the reports above are the ones that were made of the payloads before.
if (hasPython) {
  it('the callback makes these reports of these payloads', async () => {
    const { stdout } = spawnSync('python3', [script], { input: await readFile(join(example, 'payloads.json')) });
    expect(JSON.parse(String(stdout))).toEqual(reports);
  });

  it('the callback leaves no report in its folder that the log has, and keeps those that are refused', async () => {
    const spool = await mkdtemp(join(tmpdir(), 'tollgate-spool-'));
    // A virtual key reports nothing but its own usage: with an alias that is another's, one is refused.
    const run = `
import json, sys, time
sys.path.insert(0, ${JSON.stringify(example)})
import tollgate_callback as example
callback = example.TollgateCallback(json.loads(sys.argv[1]))
callback.key_by_alias = True
payloads = json.load(open(${JSON.stringify(join(example, 'payloads.json'))}))
payloads[0]["metadata"]["user_api_key_alias"] = "somebody-else"
for payload in payloads: callback.log(payload)
print("logged", flush=True)
time.sleep(60)`;
    const environment = {
      TOLLGATE_URL: await control.app.getUrl(),
      ...{ TOLLGATE_TOKEN: key, TOLLGATE_SPOOL: spool, TOLLGATE_SOURCE: 'proxy-1' },
    };
    const python = spawn('python3', ['-B', '-c', run, JSON.stringify(environment)], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const names = async () => (await readdir(spool, { recursive: true })).filter((name) => name !== 'refused');
    try {
      await once(python.stdout, 'data');
      for (let tries = 0; tries < 100 && (await names()).length !== 1; tries += 1) await sleep(200);
      expect(await names()).toEqual([expect.stringMatching(/^refused\/[0-9a-f]{64}\.json$/)]);
    } finally {
      python.kill('SIGKILL');
      await once(python, 'exit');
      await rm(spool, { recursive: true });
    }
    const sent = reports.map((report) => ({ ...report, source: 'proxy-1', data: { ...report.data, key: 'k1' } }));
    const again = await control.did('POST /api/events', { token: key, headers: batch, body: sent.slice(1) });
    expect(again).toMatchObject({ accepted: 0, repeated: reports.length - 1 });
  });
}
