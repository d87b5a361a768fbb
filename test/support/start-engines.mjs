// jest's global setup: the PostgreSQL that test files share, each in a database of its own (libs/testing/database.ts).
import { register } from 'node:module';

export default async function startEngines() {
  register('./typescript-hooks.mjs', import.meta.url);
  const { testPostgres } = await import('../../libs/testing/postgres.ts');
  globalThis.sharedPostgres = await testPostgres();
  process.env.TOLLGATE_TEST_POSTGRES = globalThis.sharedPostgres.url;
}
