import { randomBytes } from 'node:crypto';
import { constants, existsSync } from 'node:fs';
import { access, mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { StartFailure } from './start-failure.js';

/** Where everything of one instance is kept. */
export interface DataDir {
  readonly path: string;
  readonly postgres: string;
  readonly nats: string;
  readonly clickhouse: string;
  readonly relayJournal: string;
  readonly channels: string;
  readonly instance: string;
  logOf(name: string): string;
}

const secretsSchema = z.object({
  keyPepper: z.string().min(32),
  /** 32 bytes in base64, under which secrets of channels are sealed. */
  secretsKey: z.base64().length(44),
  adminToken: z.string().min(20),
  demoKey: z.string().min(20),
  natsPassword: z.string().min(16),
  postgresPassword: z.string().min(16),
  postgresSuperuserPassword: z.string().min(16),
});
export type Secrets = z.infer<typeof secretsSchema>;

const maxLogBytes = 50 * 1024 * 1024;

/** @throws StartFailure when the folder cannot be made or written. */
export async function openDataDir(path: string): Promise<DataDir> {
  try {
    await mkdir(join(path, 'logs'), { recursive: true });
    await access(path, constants.W_OK);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new StartFailure(
      `The data folder ${path} cannot be used (${reason}): make it writable, or give another one with --data DIR.`,
      { cause },
    );
  }
  return dataDirAt(path);
}

/** For who only reads there: nothing is made. @throws StartFailure when there is no such folder. */
export function findDataDir(path: string): DataDir {
  if (existsSync(path)) return dataDirAt(path);
  throw new StartFailure(`There is no data folder ${path}: give that of the instance that runs, with --data DIR.`);
}

function dataDirAt(path: string): DataDir {
  return {
    path,
    postgres: join(path, 'postgres'),
    nats: join(path, 'nats'),
    clickhouse: join(path, 'clickhouse'),
    relayJournal: join(path, 'relay'),
    channels: join(path, 'channels.json'),
    instance: join(path, 'instance.json'),
    logOf: (name) => join(path, 'logs', `${name}.log`),
  };
}

/** A log starts anew when it has grown large; the one before is kept. */
export async function limitLog(logFile: string): Promise<void> {
  const size = await stat(logFile).then(
    (found) => found.size,
    () => 0,
  );
  if (size > maxLogBytes) await rename(logFile, `${logFile}.1`);
}

/** Made once per data folder. The stored keys' hashes and the engines' logins depend on them. */
export async function readSecrets(data: DataDir): Promise<Secrets> {
  const path = join(data.path, 'secrets.json');
  if (existsSync(path)) {
    const { secretsKey, ...secrets } = parseSecrets(path, await readFile(path, 'utf8'));
    return secretsKey === undefined
      ? saveSecrets(path, { ...secrets, secretsKey: newSecretsKey() })
      : { ...secrets, secretsKey };
  }
  if (existsSync(data.postgres)) {
    throw new StartFailure(
      `${path} is missing, and the data in ${data.path} cannot be opened without it: restore it, or give another folder with --data DIR.`,
    );
  }
  return saveSecrets(path, newSecrets());
}

async function saveSecrets(path: string, secrets: Secrets): Promise<Secrets> {
  // Whole or not at all, whenever we are killed.
  await writeFile(`${path}.new`, `${JSON.stringify(secrets, null, 2)}\n`, { mode: 0o600 });
  await rename(`${path}.new`, path);
  return secrets;
}

// Folders of earlier versions have no key to seal with.
const storedSecrets = secretsSchema.partial({ secretsKey: true });

function parseSecrets(path: string, text: string): z.infer<typeof storedSecrets> {
  try {
    return storedSecrets.parse(JSON.parse(text));
  } catch (cause) {
    throw new StartFailure(
      `${path} is damaged, and the data beside it cannot be opened without it: restore it, or give another folder with --data DIR.`,
      { cause },
    );
  }
}

const newSecretsKey = () => randomBytes(32).toString('base64');

function newSecrets(): Secrets {
  const random = () => randomBytes(24).toString('hex');
  return {
    keyPepper: random(),
    secretsKey: newSecretsKey(),
    // The forms that control gives to keys and admin tokens.
    adminToken: `tga-${random()}`,
    demoKey: `tg-${random()}`,
    natsPassword: random(),
    postgresPassword: random(),
    postgresSuperuserPassword: random(),
  };
}
