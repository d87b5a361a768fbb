import { RolesAndSchemas1795212000000 } from './1795212000000-roles-and-schemas.js';
import { Control1795212040000 } from './1795212040000-control.js';
import { Ledger1795212100000 } from './1795212100000-ledger.js';
import { Pricing1795212200000 } from './1795212200000-pricing.js';
import { Reconciliation1795212300000 } from './1795212300000-reconciliation.js';
import { LedgerPeriods1795820000000 } from './1795820000000-ledger-periods.js';
import { LedgerMonths1795820100000 } from './1795820100000-ledger-months.js';
import { LedgerChain1795820200000 } from './1795820200000-ledger-chain.js';
import { LedgerWallets1795830000000 } from './1795830000000-ledger-wallets.js';
import { LedgerLeases1795840000000 } from './1795840000000-ledger-leases.js';
import { LedgerInvoices1795850000000 } from './1795850000000-ledger-invoices.js';
import { LedgerInvoiceChanges1795850100000 } from './1795850100000-ledger-invoice-changes.js';
import { LedgerReaders1795860000000 } from './1795860000000-ledger-readers.js';
import { LedgerOpenGrants1795870000000 } from './1795870000000-ledger-open-grants.js';
import { LedgerPeriodTotals1795870100000 } from './1795870100000-ledger-period-totals.js';
import { ControlPolicies1795900000000 } from './1795900000000-control-policies.js';
import { ControlAudit1795900010000 } from './1795900010000-control-audit.js';
import { LedgerCheckPlans1795870200000 } from './1795870200000-ledger-check-plans.js';
import { ControlReportedEvents1795910000000 } from './1795910000000-control-reported-events.js';
import { ControlChannels1795910010000 } from './1795910010000-control-channels.js';
import { LedgerTriggerFunctions1795920000000 } from './1795920000000-ledger-trigger-functions.js';

/** Every migration, oldest first. The 13 digits in a class's name are its order; what ran is never edited. */
export const migrations = [
  RolesAndSchemas1795212000000,
  Control1795212040000,
  Ledger1795212100000,
  Pricing1795212200000,
  Reconciliation1795212300000,
  LedgerPeriods1795820000000,
  LedgerMonths1795820100000,
  LedgerChain1795820200000,
  LedgerWallets1795830000000,
  LedgerLeases1795840000000,
  LedgerInvoices1795850000000,
  LedgerInvoiceChanges1795850100000,
  LedgerReaders1795860000000,
  LedgerOpenGrants1795870000000,
  LedgerPeriodTotals1795870100000,
  LedgerCheckPlans1795870200000,
  ControlPolicies1795900000000,
  ControlAudit1795900010000,
  ControlReportedEvents1795910000000,
  ControlChannels1795910010000,
  LedgerTriggerFunctions1795920000000,
];
