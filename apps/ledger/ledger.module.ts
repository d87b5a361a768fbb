import { type DynamicModule, Module } from '@nestjs/common';
import { JetStreamModule } from '#jetstream/jetstream.module.js';
import { PostgresModule } from '#postgres/postgres.module.js';
import type { LedgerConfig } from './ledger.config.js';
import { LedgerController } from './ledger.controller.js';
import { AccountingController } from './accounting.controller.js';
import { HeadPublisher } from './chain/head-publisher.timer.js';
import { AlertPublisher } from './budgets/alert-publisher.timer.js';
import { BudgetsController } from './budgets/budgets.controller.js';
import { BillingController } from './invoices/billing.controller.js';
import { InvoicesController } from './invoices/invoices.controller.js';
import { LeaseCleanup } from './leases/lease-cleanup.timer.js';
import { LeasesController } from './leases/leases.controller.js';
import { GrantExpiryTimer } from './wallets/grant-expiry.timer.js';
import { WalletsController } from './wallets/wallets.controller.js';

@Module({
  controllers: [
    LedgerController,
    WalletsController,
    BudgetsController,
    LeasesController,
    InvoicesController,
    BillingController,
    AccountingController,
  ],
  providers: [GrantExpiryTimer, AlertPublisher, LeaseCleanup, HeadPublisher],
})
export class LedgerModule {
  static forConfig(config: LedgerConfig): DynamicModule {
    return {
      module: LedgerModule,
      imports: [
        JetStreamModule.forRoot({
          servers: config.NATS_URL,
          name: 'ledger',
          replicas: config.TOLLGATE_NATS_REPLICAS,
        }),
        PostgresModule.forRoot({
          url: config.DATABASE_URL,
          role: 'tollgate_ledger',
          schema: 'ledger',
          applicationName: 'tollgate-ledger',
        }),
      ],
    };
  }
}
