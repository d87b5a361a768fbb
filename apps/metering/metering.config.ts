import { z } from 'zod';
import { logLevel, natsReplicas, natsUrl } from '#config/settings.js';
import type { ClickHouseTarget } from '#clickhouse/connect.js';

export const meteringConfig = z
  .object({
    NATS_URL: natsUrl,
    TOLLGATE_NATS_REPLICAS: natsReplicas,
    CLICKHOUSE_URL: z
      .url({ protocol: /^https?$/ })
      .exactOptional()
      .describe('the ClickHouse server, such as http://127.0.0.1:8123/default'),
    TOLLGATE_CLICKHOUSE_DIR: z
      .string()
      .exactOptional()
      .describe('a directory for the ClickHouse engine in this process'),
    TOLLGATE_LOG_LEVEL: logLevel,
  })
  .refine(
    ({ CLICKHOUSE_URL: url, TOLLGATE_CLICKHOUSE_DIR: directory }) => (url === undefined) !== (directory === undefined),
    {
      message:
        'Set exactly one of CLICKHOUSE_URL (a ClickHouse server) and TOLLGATE_CLICKHOUSE_DIR (a directory for the engine in this process).',
    },
  );
export type MeteringConfig = z.infer<typeof meteringConfig>;

export function clickHouseTarget(config: MeteringConfig): ClickHouseTarget {
  const { CLICKHOUSE_URL: url, TOLLGATE_CLICKHOUSE_DIR: directory } = config;
  if (url !== undefined) return { url };
  if (directory !== undefined) return { directory };
  throw new TypeError('The configuration was not validated.');
}
