import { spawnSync } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

const root = process.cwd();
const configs = ['package.json', 'tsconfig.json', 'eslint.config.js', '.dependency-cruiser.cjs', '.prettierrc.json'];

let copy: string;
beforeEach(async () => {
  copy = await mkdtemp(join(tmpdir(), 'tollgate-check-'));
  await Promise.all(configs.map((file) => cp(join(root, file), join(copy, file))));
  await mkdir(join(copy, 'node_modules'));
  const packages = (await readdir(join(root, 'node_modules'))).filter((name) => !name.startsWith('.'));
  await Promise.all(
    packages.map((name) => symlink(join(root, 'node_modules', name), join(copy, 'node_modules', name))),
  );
});
afterEach(() => rm(copy, { recursive: true }));

function check(): { status: number | null; stdout: string } {
  return spawnSync(process.execPath, [join(root, 'scripts/check.mjs')], { cwd: copy, encoding: 'utf8' });
}

async function plant(file: string, content: string): Promise<void> {
  await mkdir(join(copy, file, '..'), { recursive: true });
  await writeFile(join(copy, file), content);
}

describe('npm run check', () => {
  it('finds each kind of violation, planted among a copy of the libraries', async () => {
    // The libraries are enough to plant among; all of it would take a minute.
    await cp(join(root, 'libs'), join(copy, 'libs'), { recursive: true, filter: (path) => !path.endsWith('.test.ts') });
    await plant('apps/ledger/planted-format.ts', 'export const  quote = "double"\n');
    await plant('apps/ledger/planted-types.ts', "export const count: number = 'one';\n");
    await plant('apps/ledger/planted-environment.ts', "export const home = process.env['HOME'];\n");
    await plant('apps/relay/planted-app.ts', "export { count } from '#apps/ledger/planted-types.js';\n");
    await plant('libs/money/planted-io.ts', "export { Client } from 'pg';\n");
    await plant('libs/money/planted-time.ts', 'export const now = () => Date.now();\n');

    const { status, stdout } = check();
    expect(status).toBe(1);
    const failed = stdout.split(/^FAILED {2}/m);
    const section = (name: string) => failed.find((text) => text.startsWith(name));
    expect(section('format')).toContain('apps/ledger/planted-format.ts');
    expect(section('types')).toContain("planted-types.ts(1,14): error TS2322: Type 'string' is not assignable");
    expect(section('lint')).toMatch(/planted-environment\.ts\n.*Configuration is read and validated once/);
    expect(section('lint')).toMatch(/planted-time\.ts\n.*A pure library is told the time/);
    expect(section('dependencies')).toContain('apps-meet-over-contracts: apps/relay/planted-app.ts → apps/ledger/');
    expect(section('dependencies')).toContain('pure-libs-do-no-io: libs/money/planted-io.ts → node_modules/pg/');
  }, 180_000);

  it('does not pass because it saw next to nothing', async () => {
    await plant('apps/ledger/alone.ts', 'export const alone = true;\n');
    await plant('libs/money/alone.ts', 'export const alone = true;\n');
    const { status, stdout } = check();
    expect(status).toBe(1);
    expect(stdout).toContain('Only 2 modules of ours were seen');
  }, 60_000);
});
