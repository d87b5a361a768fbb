import { z } from 'zod';
import {
  adminToken,
  databaseUrl,
  host,
  keyPepper,
  logLevel,
  natsReplicas,
  natsUrl,
  paymentWebhookSecret,
  port,
  secretsKeyFile,
  secretsKeys,
  stripeWebhookSecret,
} from '#config/settings.js';
import { trustedProxies } from '#policy/client-address.js';

export const controlConfig = z.object({
  NATS_URL: natsUrl,
  TOLLGATE_NATS_REPLICAS: natsReplicas,
  DATABASE_URL: databaseUrl,
  TOLLGATE_KEY_PEPPER: keyPepper,
  TOLLGATE_ADMIN_TOKEN: adminToken,
  TOLLGATE_DEMO_KEY: z
    .string()
    .min(20, 'it is shorter than 20 characters')
    .max(256)
    .optional()
    .describe('the text of a key for the demo organisation, which is then seeded; leave it out for none'),
  TOLLGATE_STRIPE_WEBHOOK_SECRET: stripeWebhookSecret,
  TOLLGATE_PAYMENT_WEBHOOK_SECRET: paymentWebhookSecret,
  TOLLGATE_SECRETS_KEY: secretsKeys,
  TOLLGATE_SECRETS_KEY_FILE: secretsKeyFile,
  TOLLGATE_TRUSTED_PROXIES: trustedProxies,
  TOLLGATE_HOST: host,
  PORT: port,
  TOLLGATE_LOG_LEVEL: logLevel,
});
export type ControlConfig = z.infer<typeof controlConfig>;

/** The token under which the configuration is injected. */
export const CONTROL_CONFIG = Symbol('control.config');
