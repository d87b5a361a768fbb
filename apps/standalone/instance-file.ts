import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { z } from 'zod';
import { codeOf } from '#embedded/engine-failure.js';
import { isRunning, stopRecorded } from '#embedded/leftover.js';
import type { DataDir } from './data-dir.js';
import { StartFailure } from './start-failure.js';

const recorded = z.object({ pid: z.int().positive(), mark: z.string().min(1) });

const instanceUrls = z.object({
  relayUrl: z.url(),
  controlUrl: z.url(),
  sandboxUrl: z.url(),
  /** These two with their logins: the file is for its owner's eyes only. */
  natsUrl: z.string(),
  databaseUrl: z.string(),
});
export type InstanceUrls = z.infer<typeof instanceUrls>;

/** instance.json: who runs on a data folder, and where it answers. It is the lock, too: it exists while one runs. */
const instanceFile = instanceUrls.extend({
  supervisor: recorded,
  status: z.enum(['starting', 'ready']),
  startedAt: z.iso.datetime(),
  /** Every child by its name, with its pid of this moment. */
  processes: z.record(z.string(), recorded),
});
export type InstanceFile = z.infer<typeof instanceFile>;

/** The instance that runs on this folder now. */
export async function findRunning(data: DataDir): Promise<InstanceFile | undefined> {
  const file = await readInstance(data);
  return file !== undefined && (await isRunning(file.supervisor)) ? file : undefined;
}

/**
 * Takes the folder for this process, after stopping what a killed supervisor left running on it.
 * @throws StartFailure when another instance has it.
 */
export async function claimInstance(data: DataDir, instance: InstanceFile): Promise<void> {
  const running = await findRunning(data);
  if (running !== undefined) throw alreadyRuns(data, running);
  const left = await readInstance(data);
  if (left !== undefined) {
    await Promise.all(Object.values(left.processes).map((one) => stopRecorded(one, 'SIGTERM')));
    await rm(data.instance);
  }
  await writeFile(data.instance, JSON.stringify(instance), { flag: 'wx', mode: 0o600 }).catch(
    async (error: unknown) => {
      if (codeOf(error) !== 'EEXIST') throw error;
      throw alreadyRuns(data, await readInstance(data));
    },
  );
}

export async function updateInstance(data: DataDir, instance: InstanceFile): Promise<void> {
  await writeFile(`${data.instance}.new`, JSON.stringify(instance, null, 2), { mode: 0o600 });
  await rename(`${data.instance}.new`, data.instance);
}

export async function releaseInstance(data: DataDir): Promise<void> {
  await rm(data.instance, { force: true });
}

function alreadyRuns(data: DataDir, running: InstanceFile | undefined): StartFailure {
  const where =
    running === undefined
      ? ''
      : ` (process ${running.supervisor.pid}, relay ${running.relayUrl}, control ${running.controlUrl})`;
  return new StartFailure(
    `Tollgate already runs on ${data.path}${where}: use it, stop it there with Ctrl-C, or start another with --data DIR and --port N.`,
  );
}

/** Undefined for a file that a power cut left half written, as for none. */
async function readInstance(data: DataDir): Promise<InstanceFile | undefined> {
  const text = await readFile(data.instance, 'utf8').catch((error: unknown) => {
    // One that is there and cannot be read may belong to an instance that runs: that is no "none".
    if (codeOf(error) !== 'ENOENT') throw error;
    return undefined;
  });
  if (text === undefined) return undefined;
  try {
    return instanceFile.parse(JSON.parse(text));
  } catch {
    await rm(data.instance, { force: true });
    return undefined;
  }
}
