import { z } from 'zod';
import { amount, count, currency, identifier, instant } from '#contracts/cloud-event.js';
import { pageOf, pageRequest, requestContract } from '#contracts/requests/request.js';

/** Where a run stops looking: usage events up to and with this sequence of USAGE. Never the wall clock. */
export const cut = z.object({ usageSequence: count });

const eventStatus = z.enum(['charged', 'suspended', 'voided', 'quarantined']);

/**
 * One cell of the comparison: an organisation's events of one hour, model, status and currency. Each source says
 * what it holds of it; equal cells end the comparison, unequal ones are drilled down to their events.
 */
export const reconciliationCell = z.object({
  orgId: identifier,
  /** Start of the UTC hour of the event's `time`. */
  hour: instant,
  model: z.string(),
  status: eventStatus,
  /** Of charged events only. */
  currency: currency.exactOptional(),
  count,
  /**
   * Σ mod 2⁶⁴, in decimal, of the first 8 bytes (big-endian, unsigned) of SHA-256 over each event as this source holds
   * it: `<event id> <usage hash> <quantity> <amount> <cost>` in UTF-8, parted by one space each. The hash is in lower
   * hex, quantity and money (in pico) are integers in decimal; money that is unknown is empty, and its spaces stay.
   * Equal sums of money may hide opposite errors: this one shows them.
   */
  contentHash: z.string().regex(/^\d{1,20}$/),
  /** Σ of all quantities, tokens and units alike, in decimal. */
  quantity: z.string().regex(/^\d{1,38}$/),
  /** Of charged events only. */
  amount: amount.exactOptional(),
  cost: amount.exactOptional(),
});
export type ReconciliationCell = z.infer<typeof reconciliationCell>;

/** One event as one source holds it. */
export const reconciliationEvent = z.object({
  eventId: z.string(),
  usageHash: z.string(),
  status: eventStatus,
  currency: currency.exactOptional(),
  quantity: z.string(),
  amount: amount.exactOptional(),
  cost: amount.exactOptional(),
});
export type ReconciliationEvent = z.infer<typeof reconciliationEvent>;

const cellsRequest = pageRequest.extend({ orgId: identifier.exactOptional(), cut });
const eventsRequest = pageRequest.extend({ orgId: identifier, hour: instant, model: z.string(), cut });

/** ClickHouse, as charged: the projection of CHARGES, with quantities taken from the projection of USAGE. */
export const clickhouseCells = requestContract('metering.v1.cells', cellsRequest, pageOf(reconciliationCell));
export const clickhouseEvents = requestContract('metering.v1.events', eventsRequest, pageOf(reconciliationEvent));

/** ClickHouse's own price × quantity in SQL from the projection of USAGE and the price books: charged cells only. */
export const recomputedCells = requestContract(
  'metering.v1.recomputed-cells',
  cellsRequest,
  pageOf(reconciliationCell),
);
export const recomputedEvents = requestContract(
  'metering.v1.recomputed-events',
  eventsRequest,
  pageOf(reconciliationEvent),
);

/** The ledger's sub-ledger. */
export const ledgerCells = requestContract('ledger.v1.cells', cellsRequest, pageOf(reconciliationCell));
export const ledgerEvents = requestContract('ledger.v1.events', eventsRequest, pageOf(reconciliationEvent));

/** The general ledger's Σ postings of charges up to now: usage revenue and cost of sales per organisation and currency. */
export const generalLedgerTotals = requestContract(
  'ledger.v1.general-ledger-totals',
  z.object({ orgId: identifier.exactOptional() }),
  z.object({
    totals: z.array(
      z.object({
        orgId: identifier,
        currency,
        /** Postings of the general ledger. */
        revenue: amount,
        cost: amount,
        /** Charges of the sub-ledger, read in the same database snapshot. */
        charged: amount,
        chargedCost: amount,
      }),
    ),
  }),
);

export const breakKind = z.enum([
  'missing',
  'unexpected',
  'duplicate',
  'quantity',
  'price',
  'status',
  'hash_mismatch',
  'general_ledger',
  'timing',
]);

/** One difference that a person can act on. */
export const reconciliationBreak = z.object({
  kind: breakKind,
  /** The source that differs from the log. */
  source: z.enum(['clickhouse', 'recomputed', 'ledger', 'general_ledger', 'pipeline']),
  orgId: identifier.exactOptional(),
  hour: instant.exactOptional(),
  model: z.string().exactOptional(),
  eventId: z.string().exactOptional(),
  currency: currency.exactOptional(),
  expected: z.string(),
  found: z.string(),
  /** |expected − found| in main units, where both are amounts. */
  difference: amount.exactOptional(),
});
export type ReconciliationBreak = z.infer<typeof reconciliationBreak>;

export const reconciliationRun = z.object({
  id: identifier,
  /** Absent when the run covers every organisation. */
  orgId: identifier.exactOptional(),
  startedAt: instant,
  finishedAt: instant,
  cut,
  /** balanced: every source agrees; broken: see `breaks`; unsettled: the pipeline did not reach the cut in time. */
  status: z.enum(['balanced', 'broken', 'unsettled']),
  /** accepted = charged + suspended + quarantined + voided, counted from the log; each status from the ledger. */
  counts: z.object({ accepted: count, charged: count, suspended: count, quarantined: count, voided: count }),
  cells: count,
  totals: z.array(
    z.object({
      currency,
      /** The log, rated again from the pinned price books. */
      log: amount,
      clickhouse: amount,
      recomputed: amount,
      ledger: amount,
      generalLedger: amount,
    }),
  ),
  /** Σ|difference| ÷ Σ billed × 10⁶, event by event, the worst source. Absent when not measured: unsettled, or nothing was billed. */
  grossErrorPpm: z.number().nonnegative().exactOptional(),
  breakCount: count,
  /** The first breaks, at most 100. */
  breaks: z.array(reconciliationBreak).max(100),
});
export type ReconciliationRun = z.infer<typeof reconciliationRun>;

/** Waits until the pipeline has reached the end of the log as it stood when asked, then compares. May take up to `waitMs`. */
export const runReconciliation = requestContract(
  'reconciliation.v1.run',
  z.object({ orgId: identifier.exactOptional(), waitMs: z.number().int().min(0).max(120_000).exactOptional() }),
  reconciliationRun,
);
export const listRuns = requestContract(
  'reconciliation.v1.runs',
  pageRequest.extend({ orgId: identifier.exactOptional() }),
  pageOf(reconciliationRun),
);
export const getRun = requestContract('reconciliation.v1.run.get', z.object({ id: identifier }), reconciliationRun);
