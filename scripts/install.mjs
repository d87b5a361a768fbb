// Installs the dependencies when what is installed is not what package-lock.json says.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export function install(root) {
  if (isInstalled(root)) return;
  // Standard output is for what the command prints.
  console.error('Installing the dependencies (npm ci).');
  // The npm that runs us, where there is one.
  const npm = process.env.npm_execpath;
  const [command, before] = npm?.endsWith('.js') ? [process.execPath, [npm]] : ['npm', []];
  const { status, error } = spawnSync(command, [...before, 'ci', '--include=dev'], {
    cwd: root,
    stdio: ['inherit', process.stderr.fd, 'inherit'],
  });
  if (status === 0) return;
  const reason = error?.message ?? `npm ci ended with ${status}, see above`;
  console.error(`The dependencies could not be installed (${reason}): this needs the package registry, once.`);
  process.exit(1);
}

/** npm keeps the lock of what it installed in node_modules. Optional packages are there for one platform only. */
function isInstalled(root) {
  const wanted = packagesOf(join(root, 'package-lock.json'));
  const present = packagesOf(join(root, 'node_modules/.package-lock.json'));
  return Object.entries(wanted).every(
    ([path, { version, optional }]) => path === '' || optional || present[path]?.version === version,
  );
}

function packagesOf(lockFile) {
  try {
    return JSON.parse(readFileSync(lockFile, 'utf8')).packages;
  } catch (error) {
    if (error.code === 'ENOENT') return {};
    throw error;
  }
}
