import { Pool } from 'undici';

/** Of the benchmark's one caller. */
export const key = 'tg-bench';
/** Of one whose every level has a policy. */
export const limitedKey = 'tg-bench-limited';
export const connections = 32;

const prompt = 'Tell me something that takes about four hundred characters. '.repeat(10);
const bodyOf = (more: object) =>
  JSON.stringify({ model: 'gpt-4o', messages: [{ role: 'user', content: prompt }], ...more });
/** What the upstream can be asked for. */
export const bodies = {
  whole: bodyOf({}),
  /** The limited key has to say how much it asks for. */
  bounded: bodyOf({ max_tokens: 400 }),
  stream: bodyOf({ stream: true }),
  'slow stream': bodyOf({ stream: true, user: 'slow' }),
};
type Asked = keyof typeof bodies;

/** Where requests go, and what that one wants to be told beside the key. */
export interface Target {
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export function exchange(
  pool: Pool,
  asked: Asked,
  headers: Target['headers'] = {},
): Promise<{ firstMs: number; wholeMs: number }> {
  const start = performance.now();
  let firstMs = 0;
  return new Promise((resolve, reject) => {
    pool.dispatch(
      {
        path: '/v1/chat/completions',
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${key}`, ...headers },
        body: bodies[asked],
      },
      {
        onRequestStart() {},
        onResponseStart(_controller, status) {
          if (status !== 200) reject(new Error(`HTTP ${status}`));
        },
        onResponseData() {
          firstMs ||= performance.now() - start;
        },
        onResponseEnd: () => resolve({ firstMs, wholeMs: performance.now() - start }),
        onResponseError: (_controller, error) => reject(error),
      },
    );
  });
}

/** @returns how long `requests` took, in ms. */
export async function load({ url, headers }: Target, requests: number): Promise<number> {
  const pool = new Pool(url, { connections });
  let left = requests;
  const start = performance.now();
  await Promise.all(
    Array.from({ length: connections }, async () => {
      while (left-- > 0) await exchange(pool, 'whole', headers);
    }),
  );
  const elapsedMs = performance.now() - start;
  await pool.close();
  return elapsedMs;
}

/** One connection each, one request at a time, the two by turns. */
export async function latencies(
  urls: readonly [string, string],
  asked: Asked,
  samples: number,
): Promise<[number[], number[]]> {
  const pools = urls.map((url) => new Pool(url, { connections: 1 }));
  const taken: [number[], number[]] = [[], []];
  for (let i = 0; i < samples; i += 1) {
    for (const [which, pool] of pools.entries()) {
      const { firstMs, wholeMs } = await exchange(pool, asked);
      taken[which]?.push(asked === 'stream' ? firstMs : wholeMs);
    }
  }
  await Promise.all(pools.map((pool) => pool.close()));
  return taken;
}
