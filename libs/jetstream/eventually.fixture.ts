import { setTimeout as delay } from 'node:timers/promises';

const POLL_MS = 20;

/** Repeats an expectation until it holds; after `withinMs` its failure is the test's. */
export async function eventually(expectation: () => void | Promise<void>, withinMs = 20_000): Promise<void> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    try {
      return await expectation();
    } catch (failure) {
      if (Date.now() > deadline) throw failure;
      await delay(POLL_MS);
    }
  }
}
