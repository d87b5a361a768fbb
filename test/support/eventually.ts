import { setTimeout as sleep } from 'node:timers/promises';

/** Tries an expectation until it holds; after `withinMs` its last failure is the test's. */
export async function eventually(expectation: () => Promise<void>, withinMs: number): Promise<void> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    try {
      return await expectation();
    } catch (failure) {
      if (performance.now() > deadline) throw failure;
      await sleep(50);
    }
  }
}
