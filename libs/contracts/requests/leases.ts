import { z } from 'zod';
import { amount, currency, identifier, instant } from '#contracts/cloud-event.js';
import { pageOf, pageRequest, requestContract } from '#contracts/requests/request.js';

/** A relay that dies keeps what it holds from others for at most this long. */
export const maxLeaseSeconds = 900;

const ttlSeconds = z.number().int().min(1).max(maxLeaseSeconds);

/** What bounds the spending of a request: the wallet that pays it, or a hard budget on its path. */
export const limitName = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('wallet'), wallet: identifier }),
  z.object({
    kind: z.literal('budget'),
    budgetId: identifier,
    /** When its next period begins. Absent of a total, which never does. */
    resetsAt: instant.exactOptional(),
  }),
]);
export type LimitName = z.infer<typeof limitName>;

/** Nothing is left: the limit says of what. */
const refused = z.object({
  status: z.literal('refused'),
  limit: limitName,
  reason: z.string(),
  /** The call was answered before, and this is that answer. */
  repeated: z.boolean(),
});

/**
 * Holds a part of a wallet and of every hard budget on the path, for a relay to spend. It may be less than was wanted;
 * then `limitedBy` says why. A cost that nobody knows has to be leased too: there is no lease of nothing. Beyond the
 * `least` that is needed now, which is all of it unless it is named, a lease is a small part of what is left.
 * The lease's id is the relay's to choose, and the id of this call.
 */
export const lease = requestContract(
  'ledger.v1.lease',
  z.object({
    orgId: identifier,
    leaseId: identifier,
    relayId: identifier,
    teamId: identifier,
    projectId: identifier,
    keyId: identifier,
    currency,
    amount,
    least: amount.exactOptional(),
    ttlSeconds,
  }),
  z.discriminatedUnion('status', [
    z.object({
      status: z.literal('granted'),
      amount,
      expiresAt: instant,
      limitedBy: limitName.exactOptional(),
      repeated: z.boolean(),
    }),
    refused,
  ]),
);

/** The lease holds nothing more, and its relay asks for a new one. */
const ended = z.object({
  status: z.literal('ended'),
  reason: z.enum(['expired', 'settled']),
  repeated: z.boolean(),
});

/**
 * Keeps a lease for `ttlSeconds` from now (never shorter than it had), and adds up to `amount` to it where that is asked,
 * of which `least` is needed now. Where none is asked for, `limitedBy` names a limit that is overdrawn: the relay gives back
 * what it can.
 */
export const renewLease = requestContract(
  'ledger.v1.lease.renew',
  z.object({
    orgId: identifier,
    leaseId: identifier,
    callId: identifier,
    ttlSeconds,
    amount: amount.exactOptional(),
    least: amount.exactOptional(),
  }),
  z.discriminatedUnion('status', [
    z.object({
      status: z.literal('renewed'),
      /** What was added now: 0 when none was asked for, or nothing is left. */
      added: amount,
      held: amount,
      expiresAt: instant,
      limitedBy: limitName.exactOptional(),
      repeated: z.boolean(),
    }),
    ended,
  ]),
);

/**
 * Says what all charges under a lease come to in the end, booked or not: 0 when the upstream could not be reached. The
 * rest is free at once; what is not booked yet stays held until it is, or until the lease expires. It is a total because
 * the relay cannot know which of its charges are booked: so a booking in the same moment makes no difference.
 */
export const settleLease = requestContract(
  'ledger.v1.lease.settle',
  z.object({
    orgId: identifier,
    leaseId: identifier,
    callId: identifier,
    total: amount,
    /** Holds what is not booked for at least so long from now. */
    ttlSeconds: ttlSeconds.exactOptional(),
  }),
  z.object({
    /** Free for others since this call. */
    released: amount,
    held: amount,
    expiresAt: instant,
    repeated: z.boolean(),
  }),
);

export const leaseState = z.object({
  orgId: identifier,
  id: identifier,
  relayId: identifier,
  wallet: identifier,
  teamId: identifier,
  projectId: identifier,
  keyId: identifier,
  currency,
  amount,
  used: amount,
  held: amount,
  status: z.enum(['open', 'settled', 'expired']),
  grantedAt: instant,
  expiresAt: instant,
  settledAt: instant.exactOptional(),
});
export type LeaseState = z.infer<typeof leaseState>;

/** Newest first, also ended ones, until they are forgotten. */
export const listLeases = requestContract(
  'ledger.v1.leases',
  pageRequest.extend({ orgId: identifier }),
  pageOf(leaseState),
);
