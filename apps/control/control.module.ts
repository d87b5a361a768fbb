import { type DynamicModule, Module } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_INTERCEPTOR, APP_PIPE } from '@nestjs/core';
import { StandardSchemaSerializerInterceptor } from '@nestjs/common';
import { JetStreamModule } from '#jetstream/jetstream.module.js';
import { PostgresModule } from '#postgres/postgres.module.js';
import { AccessGuard } from './access/access.guard.js';
import { Authenticator } from './access/authenticator.js';
import { JournalController } from './accounting/journal.controller.js';
import { PeriodsController } from './accounting/periods.controller.js';
import { StatementsController } from './accounting/statements.controller.js';
import { TransactionsController } from './accounting/transactions.controller.js';
import { AdminToken } from './admin-tokens/admin-token.entity.js';
import { AdminTokensController } from './admin-tokens/admin-tokens.controller.js';
import { AuditController } from './audit/audit.controller.js';
import { AuditInterceptor } from './audit/audit.interceptor.js';
import { AlertsController } from './budgets/alerts.controller.js';
import { BudgetsController } from './budgets/budgets.controller.js';
import { LeasesController } from './budgets/leases.controller.js';
import { Channel } from './channels/channel.entity.js';
import { ChannelDirectory } from './channels/channel-directory.js';
import { ChannelsController } from './channels/channels.controller.js';
import { CONTROL_CONFIG, type ControlConfig } from './control.config.js';
import { ErrorFilter } from './errors/error.filter.js';
import { validationPipe } from './errors/validation.pipe.js';
import { EventBacklog } from './events/event-backlog.js';
import { EventsController } from './events/events.controller.js';
import { HealthController } from './health/health.controller.js';
import { BillingController } from './invoices/billing.controller.js';
import { DocumentInterceptor } from './invoices/document.interceptor.js';
import { InvoiceMoneyController } from './invoices/invoice-money.controller.js';
import { InvoicesController } from './invoices/invoices.controller.js';
import { ProofsController } from './invoices/proofs.controller.js';
import { KeyDirectory } from './keys/key-directory.js';
import { KeysController } from './keys/keys.controller.js';
import { VirtualKey } from './keys/virtual-key.entity.js';
import { LedgerController } from './ledger/ledger.controller.js';
import { CsvInterceptor } from './lists/csv.interceptor.js';
import { Organisation } from './organisations/organisation.entity.js';
import { OrganisationsController } from './organisations/organisations.controller.js';
import { Project } from './organisations/project.entity.js';
import { ProjectsController } from './organisations/projects.controller.js';
import { Team } from './organisations/team.entity.js';
import { TeamsController } from './organisations/teams.controller.js';
import { WebhooksController } from './payments/webhooks.controller.js';
import { PoliciesController } from './policies/policies.controller.js';
import { PriceBooksController } from './price-books/price-books.controller.js';
import { QuarantineController } from './quarantine/quarantine.controller.js';
import { ReconciliationController } from './reconciliation/reconciliation.controller.js';
import { SpendController } from './spend/spend.controller.js';
import { AssignmentsController } from './wallets/assignments.controller.js';
import { GrantsController } from './wallets/grants.controller.js';
import { WalletMoneyController } from './wallets/wallet-money.controller.js';
import { WalletsController } from './wallets/wallets.controller.js';

@Module({})
export class ControlModule {
  static forRoot(config: ControlConfig): DynamicModule {
    return {
      module: ControlModule,
      imports: [
        JetStreamModule.forRoot({ servers: config.NATS_URL, name: 'control', replicas: config.TOLLGATE_NATS_REPLICAS }),
        PostgresModule.forRoot({
          url: config.DATABASE_URL,
          role: 'tollgate_control',
          schema: 'control',
          applicationName: 'tollgate-control',
          entities: [Organisation, Team, Project, VirtualKey, AdminToken, Channel],
        }),
      ],
      controllers: [
        OrganisationsController,
        TeamsController,
        ProjectsController,
        KeysController,
        PoliciesController,
        ChannelsController,
        AdminTokensController,
        AuditController,
        SpendController,
        LedgerController,
        TransactionsController,
        StatementsController,
        JournalController,
        PeriodsController,
        WalletsController,
        WalletMoneyController,
        AssignmentsController,
        GrantsController,
        WebhooksController,
        BudgetsController,
        AlertsController,
        LeasesController,
        BillingController,
        InvoicesController,
        InvoiceMoneyController,
        ProofsController,
        ReconciliationController,
        PriceBooksController,
        QuarantineController,
        EventsController,
        HealthController,
      ],
      providers: [
        { provide: CONTROL_CONFIG, useValue: config },
        Authenticator,
        KeyDirectory,
        ChannelDirectory,
        EventBacklog,
        { provide: APP_FILTER, useClass: ErrorFilter },
        { provide: APP_GUARD, useClass: AccessGuard },
        { provide: APP_PIPE, useValue: validationPipe },
        // The outer one first: what becomes CSV or is recorded has been held to its schema before.
        { provide: APP_INTERCEPTOR, useClass: AuditInterceptor },
        { provide: APP_INTERCEPTOR, useClass: DocumentInterceptor },
        { provide: APP_INTERCEPTOR, useClass: CsvInterceptor },
        { provide: APP_INTERCEPTOR, useClass: StandardSchemaSerializerInterceptor },
      ],
    };
  }
}
