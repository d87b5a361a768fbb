// TypeScript to dist/, one file each (swc), only where the source is newer. Types are checked by scripts/check.mjs.
import { mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const roots = ['apps', 'libs', 'migrations', 'bench', 'test/support'];

export async function build(root) {
  const configured = Math.max(await changedAt(join(root, '.swcrc')), await changedAt(join(root, 'package.json')));
  const sources = (await Promise.all(roots.map((folder) => listFiles(root, folder, '.ts')))).flat();
  const stale = [];
  await Promise.all(
    sources.map(async (source) => {
      const built = await changedAt(outputOf(root, source));
      if (built < configured || built < (await changedAt(join(root, source)))) stale.push(source);
    }),
  );
  if (stale.length > 0) await compile(root, stale);
  await removeOrphans(root, new Set(sources));
}

/** Every file on its own, and every error shown: one broken file says all there is to say. */
async function compile(root, sources) {
  const { transformFile } = await import('@swc/core');
  const failures = [];
  await Promise.all(
    sources.map(async (source) => {
      try {
        const options = { configFile: join(root, '.swcrc'), sourceFileName: join(root, source) };
        const { code, map } = await transformFile(join(root, source), options);
        const output = outputOf(root, source);
        await mkdir(dirname(output), { recursive: true });
        await writeWhole(`${output}.map`, map);
        await writeWhole(output, `${code}\n//# sourceMappingURL=${output.split('/').at(-1)}.map\n`);
      } catch (error) {
        failures.push(`${source}: ${error.message}`);
      }
    }),
  );
  if (failures.length > 0) throw new Error(`The build failed.\n${failures.join('\n')}`);
}

/** A process that starts meanwhile reads the old file or the new one. */
async function writeWhole(path, content) {
  const draft = `${path}.${process.pid}`;
  await writeFile(draft, content);
  await rename(draft, path);
}

async function removeOrphans(root, sources) {
  const outputs = (await Promise.all(roots.map((folder) => listFiles(join(root, 'dist'), folder, '.js')))).flat();
  const orphans = outputs.filter((output) => !sources.has(output.replace(/\.js$/, '.ts')));
  await Promise.all(
    orphans.flatMap((output) => ['', '.map'].map((end) => rm(join(root, 'dist', output + end), { force: true }))),
  );
}

async function listFiles(root, folder, extension) {
  const entries = await readdir(join(root, folder), { recursive: true }).catch(() => []);
  return entries.filter((path) => path.endsWith(extension)).map((path) => join(folder, path));
}

const outputOf = (root, source) => join(root, 'dist', source.replace(/\.ts$/, '.js'));
const changedAt = (path) =>
  stat(path).then(
    ({ mtimeMs }) => mtimeMs,
    () => 0,
  );

if (process.argv[1] === fileURLToPath(import.meta.url)) await build(dirname(dirname(process.argv[1])));
