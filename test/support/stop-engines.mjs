// jest's global teardown.
export default async function stopEngines() {
  await globalThis.sharedPostgres.stop();
}
