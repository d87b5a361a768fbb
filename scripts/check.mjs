// npm run check: format, lint, types and the rules of the architecture, in the folder it is run in.
import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';

/** A dependency check that sees no modules finds no violations: fewer than these mean that it did not look. */
const leastModules = 250;

// The slowest first: they share the processors.
const checks = [
  { name: 'lint', run: () => tool('eslint', 'bin/eslint.js', '.', '--max-warnings', '0') },
  { name: 'types', run: () => tool('typescript', 'bin/tsc', '-p', '.', '--pretty', 'false') },
  { name: 'dependencies', run: checkDependencies },
  { name: 'format', run: () => tool('prettier', 'bin/prettier.cjs', '--check', '.', '--log-level', 'warn') },
];

const failed = [];
const waiting = [...checks];
await Promise.all(
  Array.from({ length: Math.min(availableParallelism(), checks.length) }, async () => {
    for (let check = waiting.shift(); check !== undefined; check = waiting.shift()) {
      const startedMs = performance.now();
      const { ok, output, errors } = await check.run();
      const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
      console.log(`${ok ? 'passed' : 'FAILED'}  ${check.name} (${seconds} s)${ok ? '' : `\n${output}${errors}`}`);
      if (!ok) failed.push(check.name);
    }
  }),
);
process.exit(failed.length === 0 ? 0 : 1);

async function checkDependencies() {
  const options = ['--config', '.dependency-cruiser.cjs', '--preserve-symlinks', '--output-type', 'json'];
  const { output, errors } = await tool('dependency-cruiser', 'bin/dependency-cruise.mjs', 'apps', 'libs', ...options);
  let result;
  try {
    result = JSON.parse(output);
  } catch {
    return { ok: false, output: '', errors };
  }
  const ours = result.modules.filter(({ source }) => /^(apps|libs)\/.*\.ts$/.test(source)).length;
  const problems = result.summary.violations.map(
    ({ rule, from, to }) => `${rule.name}: ${from} → ${to}\n  ${commentOf(result, rule.name)}`,
  );
  if (ours < leastModules) {
    problems.push(
      `Only ${ours} modules of ours were seen, of at least ${leastModules}: is TypeScript one that dependency-cruiser can use?`,
    );
  }
  return { ok: problems.length === 0, output: problems.join('\n'), errors: '' };
}

function commentOf(result, name) {
  return result.summary.ruleSetUsed.forbidden.find((rule) => rule.name === name)?.comment ?? '';
}

function tool(name, program, ...args) {
  const path = join(process.cwd(), 'node_modules', name, program);
  const child = spawn(process.execPath, [path, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  let errors = '';
  child.stdout.on('data', (data) => (output += data));
  child.stderr.on('data', (data) => (errors += data));
  return new Promise((resolve) => child.once('close', (code) => resolve({ ok: code === 0, output, errors })));
}
