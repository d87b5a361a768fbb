import { z } from 'zod';
import { identifier, name } from '#contracts/cloud-event.js';
import { scripts } from './written-in.js';

/** How channels are put in order. Those that a strategy finds equal share the requests by their weight. */
export const strategies = [
  'priority',
  'weighted',
  'cost',
  'latency',
  'first-byte',
  'least-busy',
  'balanced',
  'region',
] as const;
export type Strategy = (typeof strategies)[number];

/** Which channels are tried for a request, and in which order. */
const variation = {
  strategy: z.enum(strategies).exactOptional(),
  /** Instead of the model that was asked for: the first, and when all of its channels have failed the next. */
  models: z.array(name(256)).min(1).max(16).exactOptional(),
  /** Only these. */
  channels: z.array(identifier).min(1).exactOptional(),
  /** Of the strategy `region`: the nearest first. */
  regions: z.array(name(64)).min(1).exactOptional(),
};

/** All that is given must hold. */
const when = z.strictObject({
  minBytes: z.int().min(0).exactOptional(),
  maxBytes: z.int().min(0).exactOptional(),
  stream: z.boolean().exactOptional(),
  tools: z.boolean().exactOptional(),
  images: z.boolean().exactOptional(),
  metadata: z.record(name(64), name(512)).exactOptional(),
  /** One of these scripts is that of what the user wrote last. */
  language: z.array(z.enum(scripts)).min(1).exactOptional(),
});
export type When = z.infer<typeof when>;

const experiment = z.strictObject({
  name: name(64),
  /** What stays in its arm: nothing, or all that a key sends. Default: nothing. */
  unit: z.enum(['request', 'key']).exactOptional(),
  arms: z
    .array(z.strictObject({ ...variation, name: name(64), weight: z.number().positive() }))
    .min(2)
    .max(16),
});
export type Experiment = z.infer<typeof experiment>;

const route = z.strictObject({
  ...variation,
  /** Requests with the same beginning go to the same one among equals, where the provider has cached it. Default: yes. */
  sticky: z.boolean().exactOptional(),
  /** How often the channels are gone through; from the second time on with a pause before each. Default: once. */
  rounds: z.int().min(1).max(5).exactOptional(),
  /** No attempt begins later. Default: ten minutes after the request. */
  deadlineMs: z.int().min(1).max(3_600_000).exactOptional(),
  /** The first whose condition holds is followed. */
  rules: z
    .array(z.strictObject({ ...variation, when }))
    .max(64)
    .exactOptional(),
  experiment: experiment.exactOptional(),
});
export type Route = z.infer<typeof route>;
export type Variation = Pick<Route, keyof typeof variation>;

/** By model; `*` holds for the models without a route of their own. */
export const routesSchema = z.record(name(256), route);
export type Routes = z.infer<typeof routesSchema>;
