import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { checkConformance } from './conformance/check-conformance.js';
import { loadAdapter } from './load-adapter.js';
import { loadChannels } from './load-channels.js';

let folder: string;
let file: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tollgate-channels-'));
  file = join(folder, 'channels.json');
  writeFileSync(join(folder, 'key'), 'sk-of-the-file\n');
  writeFileSync(join(folder, 'empty'), '\n');
  writeFileSync(join(folder, 'broken.mjs'), 'export default { name: "Broken", apis: { chat: "/v1" } };');
  writeFileSync(join(folder, 'throwing.mjs'), 'throw new Error("at load");');
});
afterAll(() => rmSync(folder, { recursive: true }));

const load = (...channels: object[]) => {
  writeFileSync(file, JSON.stringify({ channels }));
  return loadChannels(file, () => undefined);
};
const openai = { id: 'ch', adapter: 'openai', models: ['gpt-4o'] };
const example = join(process.cwd(), 'docs/examples/channel-adapter/channels.json');

describe('a channels file', () => {
  it('names an adapter, and what is different at this channel', async () => {
    const { table } = await load({
      ...openai,
      ...{ region: 'eu', priority: 2, weight: 3, timeouts: { firstByteMs: 10_000 }, apiKeyFile: './key' },
    });
    expect(table.channels[0]).toMatchObject({
      provider: 'openai',
      origin: 'https://api.openai.com',
      region: 'eu',
      weight: 3,
    });
    expect(table.channels[0]!.credential?.current()).toBe('sk-of-the-file');
    expect(inspect(table.channels, { depth: 10 })).not.toContain('sk-of-the-file');
  });

  it('names a protocol and an address, as it did before there were adapters', async () => {
    const { table } = await load({
      ...{ id: 'ch', provider: 'mine', protocol: 'openai-chat', baseUrl: 'http://upstream', models: ['m'] },
    });
    expect(table.channels[0]).toMatchObject({ provider: 'mine', origin: 'http://upstream', apis: ['openai-chat'] });
  });

  it('names an adapter from outside, which conforms as ours do', async () => {
    const [channel] = (await loadChannels(example, () => undefined)).table.channels;
    expect(channel).toMatchObject({
      provider: 'openai',
      origin: 'https://gateway.example',
      settings: { workspace: 'research' },
    });
    expect(checkConformance(await loadAdapter('./adapter.mjs', example))).toEqual([]);
  });

  it.each<[object, RegExp]>([
    [{ adapter: 'openia' }, /There is no adapter "openia": name a module, or one of openai, azure, /],
    [{ adapter: './nowhere.mjs' }, /The adapter ".\/nowhere.mjs" could not be loaded from file:/],
    [{ adapter: './throwing.mjs' }, /could not be loaded/],
    [{ adapter: './broken.mjs' }, /The adapter ".\/broken.mjs" is none: name: lower case letters, digits and "-"/],
    [{ adapter: 'bedrock' }, /Channel "ch": settings.awsRegion is missing. Set it to the AWS region/],
    [{ settings: { colour: 'red' } }, /Channel "ch": the adapter "openai" has no setting "colour"/],
    [{ id: 'reported_ch' }, /`reported_` is how the channels of reports begin/],
    [{ apis: ['gemini'] }, /Channel "ch": the adapter "openai" does not serve the API "gemini"/],
    [
      { adapter: 'vertex', settings: { project: 'p' }, apiKeyFile: 'key' },
      /its secret is no JSON key of a service acc/,
    ],
    [{ apiKeyFile: 'empty' }, /\(apiKeyFile\) is empty/],
    [{ apiKeyFile: 'nowhere' }, /\(apiKeyFile\) cannot be read/],
    [
      { apiKeyEnv: 'TOLLGATE_TEST_NOT_SET' },
      /TOLLGATE_TEST_NOT_SET is missing. Set it to the provider's key for channel ch/,
    ],
    [{ apiKeyEnv: 'A', apiKeyFile: 'key' }, /has its key in apiKeyEnv or in apiKeyFile, not in both/],
    [{ protocol: 'openai-chat' }, /names neither an adapter nor a protocol, or both/],
    [{ adapter: undefined, protocol: 'openai-chat' }, /has a protocol, and needs a provider and a baseUrl beside it/],
    [{ models: [] }, /channels.0.models/],
    [{ healthCheck: { everyMs: 999 } }, /channels.0.healthCheck.everyMs/],
    [{ healthCheck: { everyMs: 1_000, path: '/../beside' } }, /channels.0.healthCheck.path: a path such as/],
    [{ healthCheck: { everyMs: 1_000, path: '//elsewhere/' } }, /channels.0.healthCheck.path: a path such as/],
    [{ baseUrl: 'https://user:sk-of-the-file@upstream' }, /its baseUrl holds more than an address/],
    [{ baseUrl: 'https://upstream/v1?api-version=1' }, /its baseUrl holds more than an address/],
  ])('that is wrong is refused with what to do: %j', async (difference, sentence) => {
    const loading = load({ ...openai, ...difference });
    await expect(loading).rejects.toThrow(sentence);
    await expect(loading).rejects.toMatchObject({ name: 'ConfigError' });
    await expect(loading).rejects.not.toThrow(/sk-of-the-file/);
  });

  it('gives each channel its own id', async () => {
    await expect(load(openai, openai)).rejects.toThrow('two channels are called "ch": give each its own id.');
  });
});
