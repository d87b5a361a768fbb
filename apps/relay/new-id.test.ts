import { expect, it } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';
import { newId } from './new-id.js';

it('an id is a UUIDv7, told apart from every other, and sorts after those of earlier milliseconds', async () => {
  const before = newId();
  await delay(2);
  const ids = Array.from({ length: 1_000 }, newId);
  expect(new Set(ids).size).toBe(ids.length);
  for (const id of ids) {
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(id > before).toBe(true);
  }
  const toldMs = Number.parseInt(before.replaceAll('-', '').slice(0, 12), 16);
  expect(Math.abs(Date.now() - toldMs)).toBeLessThan(60_000);
});
