import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Two processes in one journal would settle each other's attempts. */
export class JournalLocked extends Error {
  override readonly name = 'JournalLocked';
}

/**
 * Takes the journal for this process. A lock whose process is dead, or has our own id (a container's first process
 * always has the same), was left by a crash and is taken over.
 * @returns what gives it back.
 * @throws JournalLocked
 */
export function lockJournal(folder: string): () => void {
  const path = join(folder, 'lock');
  const holder = readHolder(path);
  if (holder !== undefined && holder !== process.pid && isAlive(holder)) {
    throw new JournalLocked(
      `The relay journal ${folder} is in use by process ${holder}: give each relay its own TOLLGATE_RELAY_ID, ` +
        `or remove ${path} when that process is no relay.`,
    );
  }
  rmSync(path, { force: true });
  // Exclusive: of two that start at once, one fails here.
  writeFileSync(path, String(process.pid), { flag: 'wx' });
  return () => rmSync(path, { force: true });
}

function readHolder(path: string): number | undefined {
  try {
    const pid = Number(readFileSync(path, 'utf8'));
    return Number.isInteger(pid) && pid > 0 ? pid : undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // EPERM: it lives and belongs to someone else.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
