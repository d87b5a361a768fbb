/** The streams, subjects, consumers and buckets of the house, in one place. See ARCHITECTURE.md for who reads what. */
export const streams = {
  usage: { name: 'USAGE', subjects: ['usage.v1.*'] },
  charges: { name: 'CHARGES', subjects: ['charge.v1.*'] },
  quarantine: { name: 'QUARANTINE', subjects: ['quarantine.v1.>'] },
  /** What the ledger's chain came to, for who wants to know later whether the book was rewritten: nothing of it can be deleted. */
  ledgerHeads: { name: 'LEDGER_HEADS', subjects: ['heads.v1.ledger'], deniesDelete: true },
  /** A notice, not a record: the ledger keeps the alerts, and this stream the latest of them. */
  alerts: { name: 'ALERTS', subjects: ['alert.v1.*'], maxAgeMs: 30 * 86_400_000, maxBytes: 256 * 1024 * 1024 },
} as const;

export const buckets = {
  /** `key.<hash>` → DirectoryKey, `policy.…` → Policy. The relay's snapshot of who may call, and what. */
  directory: 'directory',
  /** `current` → CurrentPrices, `book.<version>` → PriceBook. */
  prices: 'prices',
  /** `channel.<id>` → PublishedChannel: those that control keeps, their secrets sealed. */
  channels: 'channels',
  /** `<level>.<organisation>.<id>` → RateEntry: what relays have taken of the limits per minute and of concurrency. `clock.<relay>` is empty: its time is the broker's. */
  rates: 'rates',
  /** `file.…`, `batch.…` and `due.<organisation>.<project>.<id>` → KeptFile, KeptBatch, DueBatch: whose they are, and what is not metered yet. */
  batches: 'batches',
} as const;

/** One event, charge, alert or parked delivery belongs to one organisation: its subject says which. */
export const usageSubject = (orgId: string) => `usage.v1.${orgId}`;
export const chargeSubject = (orgId: string) => `charge.v1.${orgId}`;
export const alertSubject = (orgId: string) => `alert.v1.${orgId}`;
export const [headSubject] = streams.ledgerHeads.subjects;

/** Named maxima: a message stays well below the broker's 1 MiB, and a batch below what one transaction books quickly. */
export const limits = {
  maxEventsPerMessage: 500,
  maxMessageBytes: 512 * 1024,
  maxEventBytes: 64 * 1024,
  maxPageSize: 1000,
} as const;

/** Identifiers travel in subjects and keys, so they are plain: letters, digits, `_` and `-`. */
export const IDENTIFIER = /^[A-Za-z0-9_-]{1,64}$/;
