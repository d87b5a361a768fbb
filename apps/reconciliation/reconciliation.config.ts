import { z } from 'zod';
import { databaseUrl, logLevel, natsReplicas, natsUrl } from '#config/settings.js';

export const reconciliationConfig = z.object({
  NATS_URL: natsUrl,
  TOLLGATE_NATS_REPLICAS: natsReplicas,
  DATABASE_URL: databaseUrl,
  TOLLGATE_LOG_LEVEL: logLevel,
});
export type ReconciliationConfig = z.infer<typeof reconciliationConfig>;
