import { expect, it } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';
import { eventually } from '#jetstream/eventually.fixture.js';
import { Publisher } from './publisher.js';

const event = (orgId: string, id: string) => ({ id, orgId, json: JSON.stringify({ id }) });

/** A log that takes nothing of some organisations. */
function logRefusing(...refused: string[]) {
  const tried: string[] = [];
  const published: string[] = [];
  const complaints: string[] = [];
  const publisher = new Publisher({
    publish: async (orgId, events) => {
      tried.push(`${orgId} ${events.join()}`);
      await delay(1);
      if (refused.includes(orgId)) throw new Error('The log takes nothing of it.');
    },
    published: (ids) => Promise.resolve(void published.push(...ids)),
    complain: (sentence) => complaints.push(sentence),
  });
  return { publisher, refused, tried, published, complaints };
}

it('brings the events of others to the log while those of one organisation are refused, which is said once', async () => {
  const { publisher, refused, tried, published, complaints } = logRefusing('refused');
  publisher.add(event('refused', 'r1'));
  for (const id of ['a1', 'a2', 'a3']) {
    publisher.add(event('taken', id));
    publisher.add(event(`taken-${id}`, `${id}-too`));
    await eventually(() => expect(published).toEqual(expect.arrayContaining([id, `${id}-too`])));
  }
  publisher.add(event('refused', 'r2'));
  await eventually(() => expect(tried.filter((one) => one.startsWith('refused'))).toHaveLength(3));
  expect(complaints).toEqual(['Usage events of refused are not published: they are tried again until they are.']);
  expect(published).not.toContain('r1');
  refused.pop();
  await publisher.idle();
  expect(published.slice(-2)).toEqual(['r1', 'r2']);
  // As it was, so that the log knows it again.
  expect(new Set(tried.filter((one) => one.startsWith('refused')))).toEqual(
    new Set(['refused {"id":"r1"}', 'refused {"id":"r2"}']),
  );
});

it('lets what is refused be at its stop: the journal has it', async () => {
  const { publisher, published } = logRefusing('refused');
  publisher.add(event('refused', 'r1'));
  publisher.add(event('taken', 'a1'));
  const startedMs = performance.now();
  await publisher.stop(200);
  expect(performance.now() - startedMs).toBeLessThan(1_000);
  expect(published).toEqual(['a1']);
});
