import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { jetstream } from '@nats-io/jetstream';
import { streams } from '#contracts/streams.js';
import { connectNats } from '#jetstream/connect.js';
import { startInstance, type Instance } from '../support/instance.js';

let instance: Instance;
beforeAll(async () => void (instance = await startInstance()), 120_000);
afterAll(() => instance.stop());

const reportOf = (id: string, usage: object) => ({
  ...{ specversion: '1.0', type: 'tollgate.usage-report.v1', source: 'elsewhere', id, time: '2026-07-01T10:00:00Z' },
  data: {
    ...{ channel: 'elsewhere', finishedAt: '2026-07-01T10:00:02Z' },
    providerUsage: { provider: 'openai', api: 'openai-chat', model: 'gpt-5-mini', usage },
  },
});

const post = (events: object[]) =>
  fetch(`${instance.controlUrl}/api/events`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${instance.demoKey}`,
      'content-type': 'application/cloudevents-batch+json',
    },
    body: JSON.stringify(events),
  });

it('usage of another relay is charged once, though it is posted twice and stands on the log twice', async () => {
  const tokens = { prompt_tokens: 1_000_000, completion_tokens: 10_000, total_tokens: 1_010_000 };
  const events = [reportOf('a', tokens), reportOf('b', { prompt_tokens: 5 })];
  for (const counts of [{ accepted: 2 }, { repeated: 2 }]) {
    const answer = await post(events);
    expect([answer.status, await answer.json()]).toMatchObject([200, counts]);
  }
  const nats = await connectNats({ servers: instance.natsUrl, name: 'test' });
  const js = jetstream(nats);
  const manager = await js.jetstreamManager();
  const { state } = await manager.streams.info(streams.usage.name);
  const message = await manager.streams.getMessage(streams.usage.name, { seq: state.last_seq });
  // As after a crash between the PubAck and the note of it, later than the broker remembers.
  await js.publish('usage.v1.demo', message!.data, { headers: message!.header });
  await js.publish('usage.v1.demo', JSON.stringify(message!.json<object[]>().reverse()));
  await nats.close();

  const run = await instance.reconcile('demo');
  expect(run).toMatchObject({ status: 'balanced', grossErrorPpm: 0, counts: { charged: 1, quarantined: 0 } });
  const spend = await instance.control(
    'GET',
    '/v1/organisations/demo/spend?from=2026-07-01T00:00:00Z&to=2026-07-02T00:00:00Z',
  );
  // 1,000,000 × $0.25/M and 10,000 × $2/M. The other has no output: what it cost nobody knows.
  expect(spend.data).toMatchObject([
    { charged: 0, suspended: 1 },
    { charged: 1, suspended: 0, currency: 'USD', amount: '0.27', inputTokens: 1_000_000, outputTokens: 10_000 },
  ]);
}, 120_000);
