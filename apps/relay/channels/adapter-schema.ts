import { z } from 'zod';
import { name } from '#contracts/cloud-event.js';
import { usageApis } from '#usage/usage-api.js';
import type { ChannelAdapter } from './adapter.js';

const call = z.custom<(...given: never[]) => unknown>((value) => typeof value === 'function', 'not a function');
const beforePath = z.string().regex(/^(\/[\w.~-]+)*$/, 'a path such as /v1, without a slash at its end, or empty text');

/** What an adapter is: adapters from outside are checked against it when they are loaded, and ours in their tests. */
const adapterSchema = z.strictObject({
  name: z.string().regex(/^[a-z0-9][a-z0-9-]{0,63}$/, 'lower case letters, digits and "-"'),
  provider: name(64).optional(),
  baseUrl: z
    .union([z.url({ protocol: /^https?$/ }), call], { error: 'an http or https URL, or a function' })
    .optional(),
  apis: z
    .partialRecord(z.enum(usageApis), z.union([beforePath, call]))
    .refine((apis) => Object.keys(apis).length > 0, 'names no API'),
  settings: z
    .record(name(64), z.strictObject({ description: z.string().min(1), default: z.string().optional() }))
    .optional(),
  credentialHeader: z
    .string()
    .regex(/^[a-z0-9-]+$/, 'a header in lower case')
    .optional(),
  refusesStreamOptions: z.boolean().optional(),
  healthPath: beforePath.min(1).optional(),
  batches: z.boolean().optional(),
  prepare: call.optional(),
  sign: call.optional(),
  openCredential: call.optional(),
});

/** @returns the adapter, or sentences that say what is wrong with it. */
export function checkAdapter(given: unknown): { readonly adapter: ChannelAdapter } | { readonly wrong: string[] } {
  const parsed = adapterSchema.safeParse(given);
  // The schema says what each function's place is; what it takes and gives the conformance suite finds out.
  if (parsed.success) return { adapter: given as ChannelAdapter };
  return { wrong: parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'the adapter'}: ${message}`) };
}
