// The architecture as rules. Each says why, because the message is what a person sees when it fails.
const pureLibs = 'money|framing|usage|protocols|rating|accounting|contracts';
const ioPackages = ['@nestjs', '@nats-io', 'typeorm', 'pg', '@clickhouse', 'chdb', 'undici', 'fastify'].map(
  (name) => `^node_modules/${name}/`,
);
const ioModules = ['fs', 'fs/promises', 'net', 'http', 'https', 'child_process', 'worker_threads'].map(
  (name) => `^${name}$`,
);

module.exports = {
  forbidden: [
    {
      name: 'no-circular',
      severity: 'error',
      comment: 'A cycle hides which room depends on which: move the shared part down.',
      from: {},
      to: { circular: true },
    },
    {
      name: 'pure-libs-do-no-io',
      severity: 'error',
      comment:
        'Money, framing, usage, protocols, rating, accounting and contracts are values in, values out: a replay must give the same result.',
      from: { path: `^libs/(${pureLibs})/`, pathNot: '\\.test\\.ts$' },
      to: { path: [...ioPackages, ...ioModules] },
    },
    {
      name: 'pure-libs-know-no-io-libs',
      severity: 'error',
      comment: 'A pure library that imports one with IO is no longer pure.',
      from: { path: `^libs/(${pureLibs})/` },
      to: { path: '^libs/', pathNot: `^libs/(${pureLibs})/` },
    },
    {
      name: 'libs-do-not-import-apps',
      severity: 'error',
      comment: 'Libraries serve the apps: the arrow points one way.',
      from: { path: '^libs/' },
      to: { path: '^apps/' },
    },
    {
      name: 'apps-meet-over-contracts',
      severity: 'error',
      comment: 'An app never imports another app: they meet through libs/contracts over NATS.',
      from: { path: '^apps/([^/]+)/' },
      to: { path: '^apps/', pathNot: '^apps/$1/' },
    },
    {
      name: 'only-metering-talks-to-clickhouse',
      severity: 'error',
      comment: 'One process owns the ClickHouse data: others ask metering.',
      from: { path: '^apps/', pathNot: '^apps/metering/' },
      to: { path: ['^libs/clickhouse/', '^node_modules/@clickhouse/', '^node_modules/chdb/'] },
    },
    {
      name: 'only-the-four-talk-to-postgres',
      severity: 'error',
      comment:
        'Only ledger, pricing, control and reconciliation have a Postgres schema; standalone starts the engine and migrates it.',
      from: { path: '^apps/', pathNot: '^apps/(ledger|pricing|control|reconciliation|standalone)/' },
      to: {
        path: ['^libs/postgres/', '^node_modules/pg/', '^node_modules/typeorm/', '^node_modules/@nestjs/typeorm/'],
      },
    },
    {
      name: 'not-to-unresolvable',
      severity: 'error',
      comment: 'An import that does not resolve is not checked by any other rule.',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['types', 'import', 'node', 'default'],
      extensions: ['.ts', '.js', '.json', '.mjs', '.cjs', '.d.ts'],
    },
  },
};
