import { type Ports } from './addresses.js';
import type { DataDir, Secrets } from './data-dir.js';
import type { StandaloneConfig } from './standalone.config.js';

export const appNames = ['relay', 'control', 'pricing', 'ledger', 'metering', 'reconciliation', 'sandbox'] as const;
export type AppName = (typeof appNames)[number];

export interface Surroundings {
  readonly data: DataDir;
  readonly secrets: Secrets;
  readonly ports: Ports;
  readonly natsUrl: string;
  readonly databaseUrl: string;
  readonly sandboxUrl: string;
  readonly config: StandaloneConfig;
}

/** What every app takes over from our own environment. The relay takes all of it: its channels name the keys of providers. */
const inheritedByAll = [
  'PATH',
  'HOME',
  'TMPDIR',
  'TZ',
  'NODE_OPTIONS',
  'NODE_EXTRA_CA_CERTS',
  'TOLLGATE_HOST',
  'TOLLGATE_LOG_LEVEL',
  'TOLLGATE_NATS_REPLICAS',
  'TOLLGATE_SANDBOX_BODIES',
];

/** What each app is told: only what it needs. The relay holds no way into the database, and no other app a provider's key. */
export function environmentOf(app: AppName, { data, secrets, ports, config, ...urls }: Surroundings) {
  const {
    NATS_URL: _nats,
    DATABASE_URL: _database,
    CLICKHOUSE_URL: clickHouseUrl,
    TOLLGATE_STRIPE_WEBHOOK_SECRET: stripeSecret,
    TOLLGATE_PAYMENT_WEBHOOK_SECRET: paymentSecret,
    TOLLGATE_SECRETS_KEY: secretsKey,
    TOLLGATE_SECRETS_KEY_FILE: secretsKeyFile,
    ...inherited
  } = config;
  const nats = { NATS_URL: urls.natsUrl };
  const database = { ...nats, DATABASE_URL: urls.databaseUrl };
  // Our own unless one is given. Control seals with it, the relay opens.
  const sealing = {
    ...(secretsKeyFile === undefined ? {} : { TOLLGATE_SECRETS_KEY_FILE: secretsKeyFile }),
    ...(secretsKey === undefined && secretsKeyFile !== undefined
      ? {}
      : { TOLLGATE_SECRETS_KEY: secretsKey ?? secrets.secretsKey }),
  };
  const own: Record<AppName, Record<string, string>> = {
    relay: {
      ...nats,
      PORT: String(ports.relay),
      TOLLGATE_KEY_PEPPER: secrets.keyPepper,
      ...sealing,
      TOLLGATE_CHANNELS_FILE: config.TOLLGATE_CHANNELS_FILE ?? data.channels,
      TOLLGATE_JOURNAL_DIR: data.relayJournal,
      TOLLGATE_RELAY_ID: 'relay-1',
    },
    control: {
      ...database,
      PORT: String(ports.control),
      TOLLGATE_KEY_PEPPER: secrets.keyPepper,
      ...sealing,
      TOLLGATE_ADMIN_TOKEN: secrets.adminToken,
      TOLLGATE_DEMO_KEY: secrets.demoKey,
      ...(stripeSecret === undefined ? {} : { TOLLGATE_STRIPE_WEBHOOK_SECRET: stripeSecret }),
      ...(paymentSecret === undefined ? {} : { TOLLGATE_PAYMENT_WEBHOOK_SECRET: paymentSecret }),
    },
    sandbox: { PORT: String(ports.sandbox) },
    pricing: database,
    ledger: database,
    reconciliation: database,
    metering: {
      ...nats,
      ...(clickHouseUrl === undefined
        ? { TOLLGATE_CLICKHOUSE_DIR: data.clickhouse }
        : { CLICKHOUSE_URL: clickHouseUrl }),
    },
  };
  const taken = Object.entries(inherited as Record<string, string>).filter(
    ([name]) => app === 'relay' || inheritedByAll.includes(name),
  );
  return { ...Object.fromEntries(taken), ...own[app] };
}
