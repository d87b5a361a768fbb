import { beforeEach, describe, expect, it } from '@jest/globals';
import { sealSecret, secretsKey } from '#config/seal-secret.js';
import { channelEntryName } from '#contracts/channel.js';
import { openChannel } from '../channels/channel.js';
import { ChannelTable } from '../channels/channel-table.js';
import { KeptChannels } from './kept-channels.js';

const key = secretsKey(Buffer.alloc(32, 1));
const otherKey = secretsKey(Buffer.alloc(32, 2));
const outside = { name: 'outside', baseUrl: 'https://outside.example', apis: { 'openai-chat': '/v1' } };
const fixed = openChannel(
  { id: 'file', adapter: 'outside', models: ['m'] },
  { adapter: outside, complain: () => undefined },
);

let table: ChannelTable;
let told: string[];
let kept: KeptChannels;
beforeEach(() => {
  table = new ChannelTable([fixed]);
  told = [];
  kept = new KeptChannels({ table, keys: [key], complain: (sentence) => told.push(sentence) });
});

const described = { id: 'ch', adapter: 'openai', models: { gpt: 'gpt-4o' } };
const update = (value: unknown, id = 'ch') => kept.update(channelEntryName(id), value);
const ids = () => table.channels.map(({ id }) => id);

describe('a channel that control keeps', () => {
  it('is used with the secret that was sealed for it, until it is gone', () => {
    update({ ...described, secret: sealSecret('sk-1', described, key) });
    const [candidate] = table.candidates('openai-chat', 'gpt');
    expect(candidate).toMatchObject({ upstreamModel: 'gpt-4o', channel: { id: 'ch', provider: 'openai' } });
    expect(candidate!.channel.credential?.current()).toBe('sk-1');
    update(undefined);
    expect(ids()).toEqual(['file']);
    expect(told).toEqual([]);
  });

  it('may use an adapter from outside that the channels file has loaded', () => {
    update({ ...described, adapter: 'outside' });
    expect(ids()).toEqual(['file', 'ch']);
  });

  it.each<[string, unknown, RegExp]>([
    ['is unreadable', { ...described, models: [] }, /its entry is unreadable/],
    ['is no JSON', null, /its entry is unreadable/],
    ['is another one’s', { ...described, id: 'other' }, /its entry is unreadable/],
    ['names a module', { ...described, adapter: './evil.mjs' }, /there is no adapter ".\/evil.mjs" here/],
    ['lacks a setting', { ...described, adapter: 'bedrock' }, /settings.awsRegion is missing/],
    [
      'is sealed for another',
      { ...described, secret: sealSecret('sk-2', { ...described, id: 'other' }, key) },
      /does not open: it was changed/,
    ],
    [
      'leads elsewhere',
      { ...described, baseUrl: 'https://evil.example', secret: sealSecret('sk-2', described, key) },
      /does not open: it was changed, or sealed for another channel, adapter, base URL or settings/,
    ],
    [
      'is sealed with another key',
      { ...described, secret: sealSecret('sk-2', described, otherKey) },
      /which is not among/,
    ],
  ])('that %s is used no more, and why is said without its secret', (_what, value, sentence) => {
    update({ ...described, secret: sealSecret('sk-1', described, key) });
    update(value);
    expect(ids()).toEqual(['file']);
    expect(told).toEqual([expect.stringMatching(sentence)]);
    expect(told.join()).not.toMatch(/sk-/);
  });

  it('does not take the place of one of the channels file', () => {
    update({ ...described, id: 'file' }, 'file');
    expect(table.channels).toEqual([fixed]);
    expect(told).toEqual([expect.stringMatching(/has the id of one in the channels file, which stays/)]);
  });
});
