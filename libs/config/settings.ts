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

export const logLevel = z
  .enum(['debug', 'info', 'warn', 'error'])
  .default('info')
  .describe('the least severe level to log: debug, info, warn or error');
