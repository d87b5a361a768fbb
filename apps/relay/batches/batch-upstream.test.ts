import { expect, it } from '@jest/globals';
import { Agent } from 'undici';
import { openChannel } from '../channels/channel.js';
import { ChannelTable } from '../channels/channel-table.js';
import { openai } from '../channels/adapters/openai.js';
import { testUpstream } from '../relay.fixture.js';
import { BatchUpstream } from './batch-upstream.js';

it.each([401, 402, 403])('keeps to itself what an upstream that refuses our key says with %i', async (status) => {
  const upstream = await testUpstream();
  upstream.answer = (_request, response) =>
    response.writeHead(status).end('{"error":{"message":"The key of-ours is of org-ours."}}');
  const described = { id: 'ch', adapter: 'openai', baseUrl: upstream.url, models: ['m'] };
  const channel = openChannel(described, { adapter: openai, secret: 'of-ours', complain: () => undefined });
  const lines: string[] = [];
  const batches = new BatchUpstream(new ChannelTable([channel]), new Agent(), (line) => lines.push(line));
  const refusal = await batches.ask('ch', { requestId: 'r', method: 'GET', path: '/files/file-1' });
  expect(refusal).toMatchObject({
    code: 'upstream_refused',
    message: expect.not.stringContaining('org-ours') as unknown,
  });
  expect(lines).toEqual([
    `The upstream of channel "ch" does not accept our access (${status}): The key (the secret) is of org-ours.`,
  ]);
  await upstream.stop();
});
