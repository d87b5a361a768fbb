import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isPortFree } from '#embedded/ports.js';
import { loadConfig } from '#config/config.js';
import { z } from 'zod';
import { reconciliationRun, type ReconciliationRun } from '#contracts/requests/reconciliation.js';

/** A whole Tollgate on engines of its own, run as a person runs it. */
export interface Instance {
  readonly data: string;
  readonly relayUrl: string;
  readonly controlUrl: string;
  readonly sandboxUrl: string;
  readonly natsUrl: string;
  readonly databaseUrl: string;
  readonly adminToken: string;
  readonly demoKey: string;
  /** POST with the demo key. A string goes as it is, an object as JSON. */
  readonly relay: (path: string, body: unknown, init?: RequestInit) => Promise<Response>;
  /** Any call of the management API. Throws on anything but success. */
  readonly control: (method: string, path: string, body?: object) => Promise<Answer>;
  /** Waits until the pipeline has settled what was accepted so far. */
  readonly reconcile: (organisationId: string) => Promise<ReconciliationRun>;
  /** Of a reconciliation: everything accepted so far, by its fate. */
  readonly counts: (organisationId: string) => Promise<ReconciliationRun['counts']>;
  /** SIGKILL to an app or an engine by its name. Resolves when the supervisor has started it again. */
  readonly kill: (name: string) => Promise<void>;
  /** The files of the data folder that hold this text, relative to it. */
  readonly filesHolding: (text: string) => Promise<string[]>;
  /** What it has printed so far. */
  readonly output: () => string;
  /** Ctrl-C. Resolves with the exit code. */
  readonly interrupt: () => Promise<number | null>;
  /** Ctrl-C, and the data folder is removed. */
  readonly stop: () => Promise<void>;
}

/** The fields of control's answers that tests read one by one; the rest is compared whole. */
export interface Answer {
  readonly data: readonly { readonly name: string; readonly balance: string }[];
  readonly totals: readonly object[];
}

export interface InstanceSettings {
  /** Default: a new folder, removed by `stop`. */
  readonly data?: string;
  /** Such as NATS_URL of a `testNats()`: then the test itself can take the engine away and bring it back. */
  readonly environment?: Readonly<Record<string, string>>;
}

const root = process.cwd();
const main = join(root, 'dist/apps/standalone/main.js');
const pollMs = 50;
const settleSeconds = 60;

const instanceFile = z.object({
  supervisor: z.object({ pid: z.number() }),
  status: z.string(),
  relayUrl: z.string(),
  controlUrl: z.string(),
  sandboxUrl: z.string(),
  natsUrl: z.string(),
  databaseUrl: z.string(),
  processes: z.record(z.string(), z.object({ pid: z.number() })),
});
const secretsFile = z.object({ adminToken: z.string(), demoKey: z.string() });

export async function startInstance(settings: InstanceSettings = {}): Promise<Instance> {
  build();
  const data = settings.data ?? (await mkdtemp(join(tmpdir(), 'tollgate-instance-')));
  const process = run(['start', '--data', data, '--port', String(await freeBasePort())], settings.environment);
  await becomesReady(data, process);
  const urls = await readInstance(data);
  const { adminToken, demoKey } = secretsFile.parse(JSON.parse(await readFile(join(data, 'secrets.json'), 'utf8')));

  const control = async (method: string, path: string, body?: object): Promise<unknown> => {
    const headers = { authorization: `Bearer ${adminToken}`, 'content-type': 'application/json' };
    const response = await fetch(urls.controlUrl + path, { method, headers, body: body ? JSON.stringify(body) : null });
    if (!response.ok) throw new Error(`${method} ${path} was answered ${response.status}: ${await response.text()}`);
    return response.json();
  };
  const reconcile = async (organisationId: string) => {
    const body = { organisationId, waitSeconds: settleSeconds };
    return reconciliationRun.parse(await control('POST', '/v1/reconciliation/runs', body));
  };
  const interrupt = async () => {
    process.child.kill('SIGINT');
    return (await process.ended).code;
  };
  return {
    ...urls,
    data,
    adminToken,
    demoKey,
    relay: (path, body, { headers, ...init } = {}) =>
      fetch(urls.relayUrl + path, {
        method: 'POST',
        headers: { authorization: `Bearer ${demoKey}`, 'content-type': 'application/json', ...headers },
        body: typeof body === 'string' ? body : JSON.stringify(body),
        ...init,
      }),
    control: control as Instance['control'],
    reconcile,
    counts: async (organisationId) => (await reconcile(organisationId)).counts,
    kill: (name) => killAndAwait(data, name),
    filesHolding: (text) => filesHolding(data, text),
    output: process.output,
    interrupt,
    stop: async () => {
      await interrupt();
      await rm(data, { recursive: true });
    },
  };
}

/** Runs a command to its end. */
export async function runTollgate(args: readonly string[]): Promise<{ code: number | null; output: string }> {
  build();
  return run(args).ended;
}

function run(args: readonly string[], environment: Readonly<Record<string, string>> = {}) {
  const env = { ...(loadConfig(z.looseObject({})) as Record<string, string>), ...environment };
  const child = spawn(process.execPath, [main, ...args], { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  const collect = (text: Buffer) => void (output += text.toString());
  child.stdout.on('data', collect);
  child.stderr.on('data', collect);
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, output }));
  return { child, ended, output: () => output };
}

/** Only what changed, so that these tests never see an old build. */
function build(): void {
  const built = spawnSync(process.execPath, [join(root, 'scripts/build.mjs')], { encoding: 'utf8' });
  if (built.status !== 0) throw new Error(built.stderr);
}

/** Below the ports that the system hands out by itself, and apart from other test files at the same time. */
async function freeBasePort(): Promise<number> {
  for (;;) {
    const base = 10_000 + Math.floor(Math.random() * 2_000) * 10;
    const free = await Promise.all([0, 1, 2, 3, 4].map((offset) => isPortFree(base + offset)));
    if (free.every(Boolean)) return base;
  }
}

async function becomesReady(data: string, { child, output }: ReturnType<typeof run>): Promise<void> {
  for (;;) {
    const instance = await readInstance(data).catch(() => undefined);
    // A file that a killed supervisor left says nothing about this one.
    if (instance?.supervisor.pid === child.pid && instance?.status === 'ready') return;
    if (child.exitCode !== null) throw new Error(`Tollgate did not start: ${output()}`);
    await sleep(pollMs);
  }
}

async function readInstance(data: string) {
  return instanceFile.parse(JSON.parse(await readFile(join(data, 'instance.json'), 'utf8')));
}

async function killAndAwait(data: string, name: string): Promise<void> {
  const pidNow = async () => (await readInstance(data)).processes[name]?.pid;
  const pid = await pidNow();
  if (pid === undefined) throw new Error(`No process is called ${name}.`);
  process.kill(pid, 'SIGKILL');
  while ((await pidNow()) === pid) await sleep(pollMs);
}

async function filesHolding(data: string, text: string): Promise<string[]> {
  const entries = await readdir(data, { recursive: true, withFileTypes: true });
  const holding = await Promise.all(
    entries.map(async (entry) => {
      const path = join(entry.parentPath, entry.name);
      // A file that an engine removed meanwhile holds nothing.
      const content = entry.isFile() ? await readFile(path).catch(() => undefined) : undefined;
      return content?.includes(text) === true ? [path.slice(data.length + 1)] : [];
    }),
  );
  return holding.flat().sort();
}
