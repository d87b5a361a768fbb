import { z } from 'zod';

/** The variables that several apps share, each described once. An app picks its own: `z.object({ NATS_URL: natsUrl, … })`. */
export const natsUrl = z
  .string()
  .regex(/^(nats|tls):\/\//, 'it does not start with nats:// or tls://')
  .describe('the NATS server, such as nats://127.0.0.1:8084; several are separated by commas');

export const natsReplicas = z.coerce
  .number()
  .int()
  .min(1)
  .max(5)
  .default(1)
  .describe('how many servers of the NATS cluster hold each stream: 1, 3 or 5');

export const databaseUrl = z
  .string()
  .regex(/^postgres(ql)?:\/\//, 'it does not start with postgres://')
  .describe('the PostgreSQL database, such as postgres://user:password@127.0.0.1:8083/tollgate');

export const host = z.string().default('127.0.0.1').describe('the address to listen on');

export const port = z.coerce.number().int().min(0).max(65_535).describe('the port to listen on');

export const keyPepper = z
  .string()
  .min(32, 'it is shorter than 32 characters')
  .describe('a random secret of at least 32 characters, the same for control and every relay');

export const adminToken = z
  .string()
  .min(16, 'it is shorter than 16 characters')
  .describe('a random secret of at least 16 characters');

/**
 * A secret that switches something on, and may be left out. Set to nothing it is refused: who meant to set it would run
 * with the door open, or think that it is on.
 */
const optionalSecret = (secret: z.ZodString, whatToSet: string) =>
  secret.optional().meta({ description: whatToSet, emptyIsWrong: true });

export const stripeWebhookSecret = optionalSecret(
  z.string().regex(/^[\x21-\x7e]{16,}$/, 'it is shorter than 16 characters or holds a space'),
  'the signing secret of the endpoint in Stripe, which begins with whsec_; leave it out to take no events of Stripe',
);

export const paymentWebhookSecret = optionalSecret(
  // 24 to 64 bytes, as Standard Webhooks has it.
  z.string().regex(/^whsec_[A-Za-z0-9+/]{32,88}={0,2}$/, 'it is not whsec_ and 24 to 64 bytes in base64'),
  'whsec_ and at least 24 random bytes in base64; leave it out to take no payment events',
);

/** Control seals the secrets of channels with it, and the relays open them: see secrets-key.ts. */
export const secretsKeys = optionalSecret(
  z.string().min(1, 'it is empty'),
  '32 random bytes in base64, the same for control and every relay; to replace it, put the new one before it with a comma',
);

export const secretsKeyFile = z
  .string()
  .exactOptional()
  .describe('the path of a file with what would otherwise stand in TOLLGATE_SECRETS_KEY, one key a line');

export const logLevel = z
  .enum(['debug', 'info', 'warn', 'error'])
  .default('info')
  .describe('the least severe level to log: debug, info, warn or error');
