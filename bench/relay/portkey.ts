import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { loadConfig } from '#config/config.js';
import { freePort } from '#embedded/ports.js';
import type { Target } from './load.js';
import type { Serving, Surroundings } from './surroundings.js';

const settings = z.object({
  TOLLGATE_BENCH_PORTKEY: z.string().optional().describe('the folder where @portkey-ai/gateway was installed'),
});

/** Portkey's gateway before the same upstream. It passes calls on, and neither knows keys of ours nor meters. */
export interface Portkey extends Serving, Target {
  readonly version: string;
}

/** @returns undefined where it is not installed. */
export async function startPortkey({ fork, upstream }: Surroundings): Promise<Portkey | undefined> {
  const { TOLLGATE_BENCH_PORTKEY: at } = loadConfig(settings);
  const folder = at && join(at, 'node_modules/@portkey-ai/gateway');
  if (folder === undefined || !existsSync(folder)) return undefined;
  const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string };
  const args = [folder, String(await freePort())];
  const serving = await fork<Serving>(join(import.meta.dirname, 'portkey-gateway.js'), args, {
    NODE_ENV: 'production',
  });
  const headers = { 'x-portkey-provider': 'openai', 'x-portkey-custom-host': `${upstream.url}/v1` };
  return { ...serving, version, headers };
}
