// npm start, demo, test, bench, usage: installs and builds what is missing, then does it. Needs nothing but Node.
import './node-version.mjs';
import { spawn } from 'node:child_process';
import { clearInterval, setInterval } from 'node:timers';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from './build.mjs';
import { install } from './install.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const [command = 'start', ...args] = process.argv.slice(2);

/** What is not the business of the running product. */
const programs = {
  bench: 'dist/bench/main.js',
  usage: 'dist/apps/cli/main.js',
  convert: 'dist/apps/cli/main.js',
};

// An npm that was killed tells nobody; what it started goes with it, in good order.
if (process.env.npm_lifecycle_event !== undefined) {
  const npm = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === npm) return;
    clearInterval(watch);
    process.kill(process.pid, 'SIGHUP');
  }, 500);
  watch.unref();
}

install(root);
await build(root).catch((error) => {
  console.error(error.message);
  process.exit(1);
});
if (command === 'test') {
  await node('scripts/check.mjs');
  await node(
    '--experimental-vm-modules',
    '--disable-warning=ExperimentalWarning',
    'node_modules/jest/bin/jest.js',
    ...args,
  );
} else {
  // In this process: a signal that is meant for Tollgate reaches it.
  await import(pathToFileURL(join(root, programs[command] ?? 'dist/apps/standalone/main.js')));
}

/** Runs to its end; a failure ends us the same way. */
async function node(...parameters) {
  const child = spawn(process.execPath, parameters, { cwd: root, stdio: 'inherit' });
  // A terminal's Ctrl-C reaches the child by itself, and the child decides when it has cleaned up.
  process.on('SIGINT', () => undefined);
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  const [code, signal] = await new Promise((resolve) => child.once('exit', (...end) => resolve(end)));
  if (code !== 0) process.exit(code ?? (signal === 'SIGINT' ? 130 : 1));
}
