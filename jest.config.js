// Two projects: what is pure runs beside its code; what needs engines or crosses processes runs against real ones.
const shared = {
  rootDir: import.meta.dirname,
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '^.+\\.ts$': ['@swc/jest', { sourceMaps: 'inline' }] },
  moduleNameMapper: {
    '^#(apps|migrations)/(.*)\\.js$': '<rootDir>/$1/$2.ts',
    '^#(.*)\\.js$': '<rootDir>/libs/$1.ts',
    '^(\\.{1,2}/.*)\\.js$': '$1',
  },
  modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/.tollgate/'],
};

export default {
  globalSetup: './test/support/start-engines.mjs',
  globalTeardown: './test/support/stop-engines.mjs',
  projects: [
    { ...shared, displayName: 'libs', testMatch: ['<rootDir>/libs/**/*.test.ts'] },
    { ...shared, displayName: 'apps', testMatch: ['<rootDir>/apps/**/*.test.ts'] },
    { ...shared, displayName: 'test', testMatch: ['<rootDir>/test/**/*.test.ts'] },
  ],
  testTimeout: 60_000,
  maxWorkers: 2,
};
