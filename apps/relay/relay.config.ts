import { z } from 'zod';
import {
  host,
  keyPepper,
  logLevel,
  natsReplicas,
  natsUrl,
  port,
  secretsKeyFile,
  secretsKeys,
} from '#config/settings.js';
import { identifier } from '#contracts/cloud-event.js';
import { trustedProxies } from '#policy/client-address.js';
import { MAX_BODY_BYTES } from './receive/read-body.js';

export const MIB = 1024 * 1024;

export const relayConfig = z.object({
  NATS_URL: natsUrl,
  TOLLGATE_NATS_REPLICAS: natsReplicas,
  TOLLGATE_KEY_PEPPER: keyPepper,
  TOLLGATE_SECRETS_KEY: secretsKeys,
  TOLLGATE_SECRETS_KEY_FILE: secretsKeyFile,
  TOLLGATE_CHANNELS_FILE: z.string().describe('the path of the channels file: see apps/relay/README.md'),
  TOLLGATE_JOURNAL_DIR: z.string().describe('the folder of the relay journals, on a disk that outlives the process'),
  TOLLGATE_RELAY_ID: identifier
    .default('relay-1')
    .describe('a name of its own for each relay that shares the journal folder'),
  TOLLGATE_RELAY_WORKERS: z.coerce
    .number()
    .int()
    .min(1)
    .max(64)
    .default(1)
    .describe('how many processes share the port: one for each core that the relay has to itself'),
  TOLLGATE_BODY_MEMORY_MIB: z.coerce
    .number()
    .int()
    .min(MAX_BODY_BYTES / MIB)
    .max(1024 * 1024)
    .default(512)
    .describe('how much memory the bodies of all requests of a process may take together, in MiB'),
  TOLLGATE_BATCH_INTERVAL_MS: z.coerce
    .number()
    .int()
    .min(50)
    .max(120_000)
    .default(30_000)
    .describe('how often a batch that has not ended is looked at, and its money kept, in milliseconds'),
  TOLLGATE_TRUSTED_PROXIES: trustedProxies,
  TOLLGATE_HOST: host,
  PORT: port.default(8080),
  TOLLGATE_LOG_LEVEL: logLevel,
});
export type RelayConfig = z.infer<typeof relayConfig>;
