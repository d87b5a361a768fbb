import { z } from 'zod';
import {
  databaseUrl,
  natsUrl,
  paymentWebhookSecret,
  secretsKeyFile,
  secretsKeys,
  stripeWebhookSecret,
} from '#config/settings.js';

/** An engine whose address is given is used as it is; one without is started here. Everything else goes on to the apps. */
export const standaloneConfig = z.looseObject({
  NATS_URL: natsUrl.exactOptional(),
  DATABASE_URL: databaseUrl.exactOptional(),
  CLICKHOUSE_URL: z
    .url({ protocol: /^https?$/ })
    .exactOptional()
    .describe('the ClickHouse server, such as http://127.0.0.1:8123/default'),
  TOLLGATE_STRIPE_WEBHOOK_SECRET: stripeWebhookSecret,
  TOLLGATE_PAYMENT_WEBHOOK_SECRET: paymentWebhookSecret,
  TOLLGATE_SECRETS_KEY: secretsKeys,
  TOLLGATE_SECRETS_KEY_FILE: secretsKeyFile,
  TOLLGATE_CHANNELS_FILE: z.string().exactOptional().describe('the file with the channels of the relay'),
});
export type StandaloneConfig = z.infer<typeof standaloneConfig>;
