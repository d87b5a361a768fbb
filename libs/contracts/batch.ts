import { z } from 'zod';
import { amount, count, currency, identifier, instant, name } from '#contracts/cloud-event.js';

const owner = {
  orgId: identifier,
  teamId: identifier,
  projectId: identifier,
  /** Which key made it: usage is attributed to it. */
  keyId: identifier,
  /** Where it is. */
  channelId: identifier,
};

/** What a batch asks, again and again: of one model, at one endpoint. */
const batchCalls = z.object({
  /** The operation's name, such as `chat.completions`. */
  operation: name(64),
  /** By the client's name for it. */
  model: name(256),
});

/** A file that was made through a relay, at its upstream: bucket `batches`. Nothing of its content is here. */
export const keptFile = z.object({
  ...owner,
  createdAt: instant,
  /** Of a batch's input. */
  input: z
    .object({
      ...batchCalls.shape,
      bytes: count,
      /** What its lines may come to in all, from above. Absent of a file from before this was kept. */
      tokens: z.object({ lines: count, input: count, output: count, largestInput: count }).exactOptional(),
    })
    .exactOptional(),
  /** Of a batch's output or errors. */
  batchId: identifier.exactOptional(),
});
export type KeptFile = z.infer<typeof keptFile>;

/** A batch that was made through a relay: bucket `batches`. It is written once, and only becomes metered. */
export const keptBatch = z.object({
  ...owner,
  ...batchCalls.shape,
  createdAt: instant,
  /** Current when it was asked for: a later price does not change what it costs. */
  priceVersion: name(64),
  /** Under which its lines are booked. Absent of a batch from before batches held money. */
  leaseId: identifier.exactOptional(),
  isMetered: z.boolean(),
});
export type KeptBatch = z.infer<typeof keptBatch>;

/**
 * That a batch has yet to be metered: bucket `batches`, until it is. It is there before the batch is asked for, so that a
 * relay that dies in between leaves a trace.
 */
export const dueBatch = z.object({
  ...keptBatch.omit({ isMetered: true }).shape,
  inputFileId: identifier,
  /** Absent until the upstream has told it. */
  batchId: identifier.exactOptional(),
  /** What holds its money. Where the first lease was lost it is another one than that under which it is booked. */
  lease: z.object({ id: identifier, currency, amount, renewedAtMs: count }).exactOptional(),
  /** Whoever wrote this looks at it next, or nobody before then: in milliseconds since 1970. */
  notBeforeMs: count,
  /** In a row. */
  failures: count,
});
export type DueBatch = z.infer<typeof dueBatch>;

type Project = Pick<KeptBatch, 'orgId' | 'projectId'>;
type Kind = 'file' | 'batch' | 'due';

/** A project sees what is its own: another's is not found under its name. `*` stands for all of them. */
export const batchEntryName = (kind: Kind, { orgId, projectId }: Project, id: string) =>
  `${kind}.${orgId}.${projectId}.${id}`;
/** Of all projects. */
export const allDueBatches = 'due.>';
