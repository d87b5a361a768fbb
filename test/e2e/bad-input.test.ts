import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { runTollgate, startInstance, type Instance } from '../support/instance.js';

let instance: Instance;
let folder: string;
beforeAll(async () => {
  [instance, folder] = await Promise.all([startInstance(), mkdtemp(join(tmpdir(), 'bad-input-'))]);
}, 120_000);
afterAll(() => Promise.all([instance.stop(), rm(folder, { recursive: true })]));

const chat = { model: 'gpt-5-mini', messages: [{ role: 'user', content: 'hello' }] };

describe('a request that cannot be relayed', () => {
  it.each([
    ['malformed JSON', '/v1/chat/completions', '{"model":', {}, 400, /JSON/],
    ['a body that is no object', '/v1/chat/completions', '[]', {}, 400, /object/],
    ['no model', '/v1/chat/completions', { messages: chat.messages }, {}, 400, /model/],
    ['an unknown model', '/v1/chat/completions', { ...chat, model: 'gpt-99' }, {}, 404, /gpt-99/],
    [
      'what the protocol of the model cannot express',
      '/v1/messages',
      { ...chat, max_tokens: 10, top_k: 5 },
      {},
      400,
      /top_k/,
    ],
    ['a wrong key', '/v1/chat/completions', chat, { headers: { authorization: 'Bearer tg-wrong' } }, 401, /key/],
    ['no key', '/v1/messages', chat, { headers: { authorization: '' } }, 401, /key/],
    ['a body over the limit', '/v1/chat/completions', ' '.repeat(33 * 1024 * 1024), {}, 413, /MiB|bytes/],
  ])('is refused for %s, in the shape of its protocol, and nothing is booked', async (...row) => {
    const [, path, body, init, status, message] = row;
    const before = await instance.counts('demo');
    const answer = await instance.relay(path, body, init);
    expect(answer.status).toBe(status);
    const said = (await answer.json()) as { type?: string; error: { type: string; message: string } };
    expect(said.error.message).toMatch(message);
    expect(said.type).toBe(path === '/v1/messages' ? 'error' : undefined);
    expect(answer.headers.get('x-request-id')).toMatch(/^[\w-]+$/);
    expect(await instance.counts('demo')).toEqual(before);
  });
});

describe('a demo that cannot run', () => {
  it.each([
    [
      'a line that is no request',
      '2023-11-16 18:15:46,1,2\n2023-11-16 18:15:50,many,2\n',
      [],
      /line 3: ContextTokens "many"/,
    ],
    ['a negative count', '2023-11-16 18:15:46,1,-2\n', [], /line 2: GeneratedTokens "-2"/],
    ['a missing field', '2023-11-16 18:15:46,1\n', [], /line 2: expected 3 fields, found 2/],
    [
      'a report in no folder',
      '2023-11-16 18:15:46,1,2\n',
      ['--report', '/no/such/folder/r.json'],
      /no folder \/no\/such/,
    ],
  ])('says so before anything is sent: %s', async (_what, lines, options, message) => {
    const trace = join(folder, 'trace.csv');
    await writeFile(trace, `TIMESTAMP,ContextTokens,GeneratedTokens\n${lines}`);
    const ended = await runTollgate(['demo', '--data', instance.data, '--trace', trace, ...options]);
    expect(ended.code).toBe(1);
    expect(ended.output).toMatch(message);
    const organisations = await instance.control('GET', '/v1/organisations');
    expect(organisations.data).toHaveLength(1);
  });

  it('names a trace that is not there', async () => {
    const ended = await runTollgate(['demo', '--data', instance.data, '--trace', 'nowhere.csv']);
    expect(ended).toMatchObject({ code: 1, output: expect.stringContaining('nowhere.csv') });
  });
});

describe('an instance that cannot start', () => {
  it.each([
    ['a folder in use', () => ['start', '--data', instance.data], /already runs/],
    ['a taken port', () => ['start', '--data', join(folder, 'new'), '--port', new URL(instance.relayUrl).port], /port/],
    ['a data folder that is a file', () => ['start', '--data', join(folder, 'trace.csv')], /trace\.csv/],
    ['an unknown option', () => ['start', '--prot', '1'], /--prot/],
    ['a port that is none', () => ['start', '--port', 'eighty'], /--port/],
  ])('says so in one sentence: %s', async (_what, args, message) => {
    const ended = await runTollgate(args());
    expect(ended.code).not.toBe(0);
    expect(ended.output).toMatch(message);
    expect(ended.output).not.toMatch(/\n\s+at /);
  });
});
