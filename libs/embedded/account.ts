import { spawnSync } from 'node:child_process';
import { readFile, stat } from 'node:fs/promises';
import { setpriv } from './child.js';
import { EngineFailure } from './engine-failure.js';

/** Who an engine runs as, and the options of `setpriv` that make it so. Without it: as ourselves. */
export interface Account {
  readonly uid: number;
  readonly gid: number;
  readonly identity: readonly string[];
}

/**
 * PostgreSQL refuses to run as root. Root therefore starts it as the owner of its data, else as `postgres`, else as
 * `nobody`; no user is created and no folder of the person's is opened up. When their folders let that user through to
 * neither the program nor the data (a clone below a 0700 directory), it gets the weakest capability that does.
 */
export async function unprivilegedAccount(dataDir: string, reach: readonly string[]): Promise<Account | undefined> {
  const us = process.getuid?.();
  const owner = await stat(dataDir).catch(() => undefined);
  if (us !== 0) {
    if (owner === undefined || owner.uid === us) return undefined;
    throw new EngineFailure(
      `The data folder ${dataDir} belongs to user id ${owner.uid}, and you are ${us}: start as its owner, or give another one with --data.`,
    );
  }
  if (setpriv === undefined) {
    throw new EngineFailure(
      'PostgreSQL does not run as root, and there is no setpriv (package util-linux) to start it as another user: start as a normal user, or set DATABASE_URL.',
    );
  }
  const { uid, gid } = owner !== undefined && owner.uid !== 0 ? owner : await systemUser();
  const become = [`--reuid=${uid}`, `--regid=${gid}`, '--clear-groups'];
  for (const capability of ['', 'dac_read_search', 'dac_override']) {
    const identity = capability === '' ? become : [...become, ...withCapability(capability)];
    if (reach.every((path) => isReachable(identity, path))) return { uid, gid, identity };
  }
  throw new EngineFailure(
    `PostgreSQL does not run as root, and user id ${uid} cannot reach ${reach.join(' and ')}: start as a normal user, move the folder to where others may read, or set DATABASE_URL.`,
  );
}

/** `no_setuid_fixup`: else access(2), which PostgreSQL asks about its own program, ignores what was granted here. */
function withCapability(name: string): string[] {
  return ['--securebits=+no_setuid_fixup', `--inh-caps=+${name}`, `--ambient-caps=+${name}`];
}

/** Programs must be executable and folders searchable: `test -x` asks for both. */
function isReachable(identity: readonly string[], path: string): boolean {
  return spawnSync(setpriv ?? '', [...identity, 'test', '-x', path], { cwd: '/' }).status === 0;
}

async function systemUser(): Promise<{ uid: number; gid: number }> {
  const users = (await readFile('/etc/passwd', 'utf8')).split('\n').map((line) => line.split(':'));
  const found = users.find(([name]) => name === 'postgres') ?? users.find(([name]) => name === 'nobody');
  // 65534 is `nobody` wherever the kernel's default overflow id was not changed.
  return { uid: Number(found?.[2] ?? 65534), gid: Number(found?.[3] ?? 65534) };
}
