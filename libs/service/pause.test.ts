import { describe, expect, it } from '@jest/globals';
import { pause } from './pause.js';

const { signal } = new AbortController();

describe('a pause', () => {
  it('takes its time', async () => {
    const beganMs = performance.now();
    await pause(20, { signal });
    expect(performance.now() - beganMs).toBeGreaterThan(18);
  });

  it('that is cut short, or begun too late, is over', async () => {
    const ending = new AbortController();
    const paused = pause(60_000, { signal: ending.signal });
    ending.abort();
    await paused;
    await pause(60_000, { signal: ending.signal });
  });

  it('hides no other failure', async () => {
    await expect(pause('soon' as unknown as number, { signal })).rejects.toThrow(/delay/);
  });
});
