import { resolve } from 'node:path';
import { ChannelError } from '../channel.js';
import { loadAdapter } from '../load-adapter.js';
import { checkConformance } from './check-conformance.js';

const USAGE = 'Give the module of an adapter, and what it needs: ./adapter.mjs [baseUrl=https://…] [setting=value …]';

const [module, ...given] = process.argv.slice(2);
process.exitCode = module === undefined ? fail([USAGE]) : await check(module, given);

async function check(named: string, pairs: readonly string[]): Promise<number> {
  const { baseUrl, ...settings } = Object.fromEntries(pairs.map((pair) => split(pair))) as Record<string, string>;
  try {
    // As a channels file in this folder would name it.
    const name = named.endsWith('js') ? resolve(named) : named;
    const adapter = await loadAdapter(name, resolve('channels.json'));
    const findings = checkConformance(adapter, { settings, ...(baseUrl !== undefined && { baseUrl }) });
    if (findings.length > 0) return fail(findings);
    console.log(`The adapter "${adapter.name}" conforms.`);
    return 0;
  } catch (error) {
    if (error instanceof ChannelError) return fail([error.message]);
    throw error;
  }
}

function split(pair: string): [name: string, value: string] {
  const at = pair.indexOf('=');
  return at === -1 ? [pair, ''] : [pair.slice(0, at), pair.slice(at + 1)];
}

function fail(sentences: readonly string[]): number {
  for (const sentence of sentences) console.error(sentence);
  return 1;
}
