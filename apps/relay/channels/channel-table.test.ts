import { describe, expect, it } from '@jest/globals';
import type { UsageApi } from '#usage/usage-api.js';
import { type Channel, openChannel } from './channel.js';
import { ChannelTable } from './channel-table.js';

function channel(id: string, apis: readonly UsageApi[], models: Channel['models'] | string[] = ['m']): Channel {
  const adapter = { name: 'test', baseUrl: 'http://upstream', apis: Object.fromEntries(apis.map((api) => [api, ''])) };
  const named = Array.isArray(models) ? models : Object.fromEntries(models);
  return openChannel({ id, adapter: 'test', models: named }, { adapter, complain: () => undefined });
}
const found = (table: ChannelTable, api: UsageApi, model = 'm') =>
  table.candidates(api, model).map((candidate) => `${candidate.channel.id} in ${candidate.api}`);

describe('the candidates for a model', () => {
  const table = new ChannelTable([
    channel('claude', ['anthropic-messages']),
    channel('both', ['gemini', 'openai-chat']),
    channel('other', ['openai-chat'], ['n']),
    channel('embeds', ['embeddings']),
  ]);

  it('are the channels that speak the client’s API, and then those that a call is converted for', () => {
    expect(found(table, 'openai-chat')).toEqual(['both in openai-chat', 'claude in anthropic-messages']);
    expect(found(table, 'openai-responses')).toEqual(['claude in anthropic-messages', 'both in gemini']);
  });

  it('are only those that speak it where nothing can be converted', () => {
    expect(found(table, 'embeddings')).toEqual(['embeds in embeddings']);
    expect(table.candidates('openai-responses', 'm', false)).toEqual([]);
  });

  it('have the upstream’s name of the model', () => {
    const mapped = new ChannelTable([channel('ch', ['openai-chat'], new Map([['gpt', 'vendor/gpt']]))]);
    expect(mapped.candidates('openai-chat', 'gpt')).toMatchObject([{ upstreamModel: 'vendor/gpt' }]);
    expect(found(mapped, 'openai-chat', 'vendor/gpt')).toEqual([]);
  });

  it('make the list of models, of which only OpenAI’s has those that do not chat', () => {
    const embeds = new ChannelTable([channel('ch', ['embeddings'], ['e']), channel('claude', ['anthropic-messages'])]);
    expect(embeds.models('openai-chat').map(({ id }) => id)).toEqual(['e', 'm']);
    expect(embeds.models('gemini').map(({ id }) => id)).toEqual(['m']);
  });

  it('are none for a reason', () => {
    expect(table.refusal('openai-chat', 'unknown').code).toBe('model_not_found');
    expect(table.refusal('openai-responses', 'n').message).toBe(
      'The model "n" is not served through openai-responses. It is through openai-chat.',
    );
  });
});

describe('the channels that control keeps', () => {
  it('come, change and go beside those of the file', () => {
    const table = new ChannelTable([channel('file', ['openai-chat'])]);
    expect(table.put(channel('kept', ['openai-chat']))).toBe(true);
    expect(found(table, 'openai-chat')).toEqual(['file in openai-chat', 'kept in openai-chat']);
    table.put(channel('kept', ['openai-chat'], ['n']));
    expect(found(table, 'openai-chat')).toEqual(['file in openai-chat']);
    table.remove('kept');
    expect(table.models('openai-chat')).toEqual([{ id: 'm', provider: 'test' }]);
  });

  it('do not take the place of one of the file', () => {
    const table = new ChannelTable([channel('file', ['openai-chat'])]);
    expect(table.put(channel('file', ['openai-chat'], ['n']))).toBe(false);
    table.remove('file');
    expect(found(table, 'openai-chat')).toEqual(['file in openai-chat']);
  });
});
