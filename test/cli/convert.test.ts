import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

const root = join(import.meta.dirname, '../..');
const request = { model: 'gpt-5', messages: [{ role: 'user', content: 'Hi' }] };
const chunk = (delta: object, finish_reason: string | null = null) => ({
  id: 'chatcmpl-1',
  object: 'chat.completion.chunk',
  created: 1_790_000_000,
  model: 'gpt-5',
  choices: [{ index: 0, delta, finish_reason }],
});
const events = [JSON.stringify(chunk({ content: 'Hello' })), JSON.stringify(chunk({}, 'stop'))];
const answer = {
  ...chunk({}),
  object: 'chat.completion',
  choices: [{ index: 0, message: { role: 'assistant', content: 'Hello' }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 3, completion_tokens: 4, total_tokens: 7 },
};
const bodies = {
  'request.json': JSON.stringify(request),
  'biased.json': JSON.stringify({ ...request, logit_bias: { 7: 1 } }),
  'answer.json': JSON.stringify(answer),
  'stream.sse': [...events, '[DONE]'].map((event) => `data: ${event}\n\n`).join(''),
  'stream.jsonl': events.join('\n'),
  'empty.sse': '',
  'page.html': '<html>502</html>',
};

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tollgate-convert-'));
  await Promise.all(Object.entries(bodies).map(([name, body]) => writeFile(join(folder, name), body)));
});
afterAll(() => rm(folder, { recursive: true }));

function convert(...args: readonly string[]) {
  const toAnthropic = ['--from', 'openai-chat', '--to', 'anthropic-messages'];
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(root, 'scripts/tollgate.mjs'), 'convert', ...toAnthropic, ...args],
    { cwd: folder, encoding: 'utf8', input: bodies['request.json'] },
  );
  return { status, stdout, stderr };
}

describe('npm run convert', () => {
  it('prints a request of the other protocol, from a file or from standard input', () => {
    for (const file of ['request.json', '-']) {
      const { status, stdout } = convert('--kind', 'request', file);
      expect(status).toBe(0);
      expect(JSON.parse(stdout)).toMatchObject({ model: 'gpt-5', messages: [{ role: 'user' }] });
    }
  });

  it('refuses what the other protocol cannot express, or leaves it out and says so', () => {
    const refused = convert('--kind', 'request', 'biased.json');
    expect(refused).toMatchObject({ status: 1, stdout: '' });
    expect(refused.stderr).toContain('logit_bias');
    const allowed = convert('--kind', 'request', '--allow-drops', 'biased.json');
    expect(allowed.status).toBe(0);
    expect(allowed.stderr).toContain('left out: logit_bias');
    expect(allowed.stdout).not.toContain('logit_bias');
  });

  it('prints an answer with its usage', () => {
    const { status, stdout } = convert('--kind', 'response', 'answer.json');
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      content: [{ type: 'text', text: 'Hello' }],
      stop_reason: 'end_turn',
      usage: { input_tokens: 3, output_tokens: 4 },
    });
  });

  it.each(['stream.sse', 'stream.jsonl'])('prints the stream of %s as events of the other protocol', (file) => {
    const { status, stdout } = convert('--kind', 'stream', file);
    expect(status).toBe(0);
    expect(stdout).toMatch(/^event: message_start\n/);
    expect(stdout).toContain('"text":"Hello"');
    expect(stdout).toMatch(/event: message_stop\ndata: .*\n\n$/);
  });

  it.each([
    ['page.html', 'response', 'it is not a JSON object'],
    ['empty.sse', 'stream', 'it is empty'],
    ['nowhere.json', 'request', 'there is no such file'],
  ])('names %s as no %s', (file, kind, why) => {
    expect(convert('--kind', kind, file)).toEqual({ status: 1, stdout: '', stderr: expect.stringContaining(why) });
  });
});
