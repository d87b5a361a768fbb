import type { NatsConnection } from '@nats-io/transport-node';
import type { Currency, Pico } from '#money/pico.js';
import { formatAmount, parseAmount } from '#money/pico.js';
import { lease, type LimitName, renewLease, settleLease } from '#contracts/requests/leases.js';
import { ask } from '#jetstream/ask.js';
import type { Caller } from '../authenticate/key-directory.js';
import { LEASE_TTL_MS, type LeaseCall } from './leased-money.js';

/** Who pays, in one currency: the path that leases are of. */
export type Payer = Pick<Caller, 'orgId' | 'teamId' | 'projectId' | 'keyId'> & { readonly currency: Currency };

/** The id makes it the same call when it is asked again; a lease has it from then on. */
export type NamedCall = LeaseCall & { readonly id: string; readonly askedAtMs: number };

export type LedgerAnswer =
  | { readonly status: 'granted' | 'renewed'; readonly amount: Pico; readonly limit: LimitName | undefined }
  | { readonly status: 'refused'; readonly limit: LimitName }
  | { readonly status: 'settled' | 'ended' };

/** @throws RequestFailure `unavailable` when no answer came: it may have been granted all the same. */
export type AskLedger = (payer: Payer, call: NamedCall) => Promise<LedgerAnswer>;

const TIMEOUT_MS = 5_000;

/** @param ttlMs how long a lease lasts from when it is granted, renewed or settled. */
export function askLedgerOver(connection: NatsConnection, relayId: string, ttlMs = LEASE_TTL_MS): AskLedger {
  const ttlSeconds = ttlMs / 1000;
  return (payer, call) => {
    switch (call.kind) {
      case 'lease':
        return askForLease(connection, { ...payer, relayId, ttlSeconds }, call);
      case 'renew':
        return askToRenew(connection, { ...payer, ttlSeconds }, call);
      case 'settle':
        return tellTotal(connection, { ...payer, ttlSeconds }, call);
    }
  };
}

type Lasting = Payer & { readonly ttlSeconds: number };
type Call<Kind extends LeaseCall['kind']> = Extract<NamedCall, { kind: Kind }>;

async function askForLease(
  connection: NatsConnection,
  path: Lasting & { readonly relayId: string },
  { id: leaseId, amount, least }: Call<'lease'>,
): Promise<LedgerAnswer> {
  const { orgId, teamId, projectId, keyId, currency, relayId, ttlSeconds } = path;
  const answer = await ask(
    connection,
    lease,
    {
      ...{ orgId, teamId, projectId, keyId, currency, relayId, leaseId, ttlSeconds },
      ...{ amount: formatAmount(amount), least: formatAmount(least) },
    },
    { timeoutMs: TIMEOUT_MS },
  );
  if (answer.status === 'refused') return { status: 'refused', limit: answer.limit };
  return { status: 'granted', amount: parseAmount(answer.amount), limit: answer.limitedBy };
}

async function askToRenew(
  connection: NatsConnection,
  { orgId, ttlSeconds }: Lasting,
  { id: callId, leaseId, amount, least }: Call<'renew'>,
): Promise<LedgerAnswer> {
  const answer = await ask(
    connection,
    renewLease,
    {
      ...{ orgId, leaseId, callId, ttlSeconds },
      ...(amount !== undefined && { amount: formatAmount(amount) }),
      ...(least !== undefined && { least: formatAmount(least) }),
    },
    { timeoutMs: TIMEOUT_MS },
  );
  if (answer.status === 'ended') return { status: 'ended' };
  const added = parseAmount(answer.added);
  if (added === 0n && answer.limitedBy !== undefined) return { status: 'refused', limit: answer.limitedBy };
  return { status: 'renewed', amount: added, limit: answer.limitedBy };
}

async function tellTotal(
  connection: NatsConnection,
  { orgId, ttlSeconds }: Lasting,
  { id: callId, leaseId, total }: Call<'settle'>,
): Promise<LedgerAnswer> {
  const request = { orgId, leaseId, callId, total: formatAmount(total), ttlSeconds };
  await ask(connection, settleLease, request, { timeoutMs: TIMEOUT_MS });
  return { status: 'settled' };
}
