import { Pool } from 'undici';
import { exchange } from './load.js';
import { rssMiB } from './process-use.js';
import type { Serving } from './surroundings.js';

const SAMPLE_MS = 50;

/** Slow streams, all open at once. @returns the most memory that the process had meanwhile. */
export async function holdStreams({ url, pid }: Serving, streams: number): Promise<{ peakMiB: number }> {
  const pool = new Pool(url, { connections: streams });
  let peakMiB = rssMiB(pid);
  const sampling = setInterval(() => (peakMiB = Math.max(peakMiB, rssMiB(pid))), SAMPLE_MS);
  await Promise.all(Array.from({ length: streams }, () => exchange(pool, 'slow stream')));
  clearInterval(sampling);
  await pool.close();
  return { peakMiB };
}
