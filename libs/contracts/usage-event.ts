import { z } from 'zod';
import {
  cloudEvent,
  count,
  currency,
  amount,
  identifier,
  instant,
  name,
  sha256Hex,
  text,
} from '#contracts/cloud-event.js';
import type { Usage } from '#usage/usage.js';

const modality = z.partialRecord(z.enum(['text', 'audio', 'image', 'video']), count);

const segment = z.object({
  model: name(256).exactOptional(),
  kind: z.enum(['main', 'advisor', 'compaction']),
  in: z.object({
    fresh: modality.exactOptional(),
    cacheRead: modality.exactOptional(),
    cacheWrite: z.partialRecord(z.enum(['ttl5m', 'ttl1h', 'other']), count).exactOptional(),
    toolPrompt: count.exactOptional(),
  }),
  out: z.partialRecord(z.enum(['text', 'reasoning', 'audio', 'image', 'citation']), count),
});

const units = z.enum([
  'requests',
  'webSearch',
  'fileSearch',
  'codeExec',
  'images',
  'audioMs',
  'pages',
  'characters',
  'rerankSearches',
]);

/** The canonical usage record on the wire: see libs/usage/usage.ts for what each part means. */
export const usageRecord = z.object({
  provider: name(64),
  api: name(64),
  requestedModel: name(256).exactOptional(),
  servedModel: name(256).exactOptional(),
  segments: z.array(segment).max(100),
  units: z.partialRecord(units, count).exactOptional(),
  modifiers: z
    .object({
      tierServed: text(64).exactOptional(),
      batch: z.boolean().exactOptional(),
      geo: text(64).exactOptional(),
      speed: text(64).exactOptional(),
      traffic: text(64).exactOptional(),
      searchContextSize: text(64).exactOptional(),
      byok: z.boolean().exactOptional(),
    })
    .exactOptional(),
  completeness: z.enum(['final', 'partial', 'estimated', 'missing']),
  estimated: z
    .array(z.enum(['in', 'out']))
    .max(2)
    .exactOptional(),
  anomalies: z.array(z.object({ code: text(64), detail: text(512) })).max(100),
  providerCost: z.object({ amount, currency }).exactOptional(),
  raw: z.object({ json: z.string().max(16_384), sha256: sha256Hex }).exactOptional(),
}) satisfies z.ZodType<Usage>;

/**
 * How an attempt ended, exactly once:
 * completed: the upstream's whole answer arrived; failed: the upstream answered with an error, or could not be reached;
 * aborted: the client left; broken: the upstream broke off mid-answer; expired: the relay died with the attempt open.
 */
export const attemptOutcome = z.enum(['completed', 'failed', 'aborted', 'broken', 'expired']);
export type AttemptOutcome = z.infer<typeof attemptOutcome>;

/** Which arm of which experiment of the routes decided where the request went. */
export const experimentArm = z.object({ name: name(64), arm: name(64) });
export type ExperimentArm = z.infer<typeof experimentArm>;

/** One upstream attempt, settled. It carries counts and identities, never a prompt or a completion. */
export const usageEventData = z.object({
  requestId: identifier,
  /** 1 for the first attempt of a request. */
  attempt: count,
  outcome: attemptOutcome,
  /** The upstream's HTTP status; absent when it never answered. */
  httpStatus: count.exactOptional(),
  startedAt: instant,
  firstByteAt: instant.exactOptional(),
  finishedAt: instant,
  teamId: identifier,
  projectId: identifier,
  keyId: identifier,
  channelId: identifier,
  experiment: experimentArm.exactOptional(),
  /** The lease under which the attempt was admitted; absent when none was. */
  leaseId: identifier.exactOptional(),
  /** The price book that was current when the attempt was opened: a replay bills the same amount. */
  priceVersion: name(64),
  usage: usageRecord,
});
export type UsageEventData = z.infer<typeof usageEventData>;

/** On USAGE, in batches: a JSON array (application/cloudevents-batch+json), all of one organisation. */
export const usageEvent = cloudEvent('tollgate.usage.v1', usageEventData);
export type UsageEvent = z.infer<typeof usageEvent>;
