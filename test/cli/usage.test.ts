import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Usage } from '#usage/usage.js';

const root = join(import.meta.dirname, '../..');
const chat = ['--provider', 'openai', '--api', 'openai-chat'];

const events = [
  { model: 'gpt-4o', choices: [{ delta: { content: 'x' } }] },
  { model: 'gpt-4o', choices: [], usage: { prompt_tokens: 3, completion_tokens: 4, total_tokens: 7 } },
].map((event) => JSON.stringify(event));
const bodies = {
  'answer.json': events[1]!,
  'answer.sse': events.map((event) => `data: ${event}\n\n`).join(''),
  'answer.jsonl': events.join('\n'),
  'answer.sse.gz': gzipSync(events.map((event) => `data: ${event}\n\n`).join('')),
  'silent.sse': `data: ${events[0]}\n\ndata: [DONE]\n\n`,
  'empty.sse': '',
  'page.html': '<html>502</html>',
};

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tollgate-usage-'));
  await Promise.all(Object.entries(bodies).map(([name, body]) => writeFile(join(folder, name), body)));
});
afterAll(() => rm(folder, { recursive: true }));

function usage(args: readonly string[], input?: string | Buffer) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(root, 'scripts/tollgate.mjs'), 'usage', ...args],
    {
      cwd: folder,
      input,
      encoding: 'utf8',
    },
  );
  const lines = stdout.split('\n').slice(0, -1);
  return { status, stderr, records: lines.map((line) => JSON.parse(line) as Usage) };
}

const counted = expect.objectContaining({
  provider: 'openai',
  api: 'openai-chat',
  segments: [{ kind: 'main', in: { fresh: { text: 3 } }, out: { text: 4 } }],
  completeness: 'final',
});

describe('npm run usage', () => {
  it('prints one record per file, whatever their formats, and nothing else', () => {
    const files = ['answer.json', 'answer.sse', 'answer.jsonl', 'answer.sse.gz'];
    expect(usage([...chat, '--model', 'gpt-4o', ...files])).toEqual({
      status: 0,
      stderr: '',
      records: files.map(() => counted),
    });
  });

  it('reads standard input', () => {
    expect(usage([...chat, '-'], bodies['answer.sse.gz'])).toMatchObject({ status: 0, records: [counted] });
    expect(usage([...chat, '-'], '')).toMatchObject({
      status: 1,
      records: [],
      stderr: expect.stringMatching(/^Standard input: it is empty/),
    });
  });

  it('says of an answer without usage that it is missing', () => {
    const { status, records } = usage([...chat, 'silent.sse']);
    expect(status).toBe(0);
    expect(records).toMatchObject([{ servedModel: 'gpt-4o', segments: [], completeness: 'missing' }]);
  });

  it.each([
    ['nowhere.sse', [], 'nowhere.sse: there is no such file.\n'],
    ['.', [], '.: this is a directory: name the files in it.\n'],
    ['empty.sse', [], 'empty.sse: it is empty, and the body of an answer is not.\n'],
    [
      'page.html',
      [],
      'page.html: nothing in it can be read in any format: give the body of an answer, and its --format.\n',
    ],
    [
      'answer.sse',
      ['--format', 'eventstream'],
      'answer.sse: nothing in it can be read as eventstream: give the body of an answer, and its --format.\n',
    ],
  ])('names %s as what it cannot read, and ends with 1', (file, options, message) => {
    expect(usage([...chat, ...options, file])).toEqual({ status: 1, stderr: message, records: [] });
  });

  it('prints the other files all the same', () => {
    expect(usage([...chat, 'nowhere.sse', 'answer.sse'])).toMatchObject({ status: 1, records: [counted] });
  });

  it.each([
    [['--api', 'openai-chat', 'answer.sse'], "required option '--provider <name>' not specified"],
    [['--provider', 'openai', '--api', 'openai', 'answer.sse'], 'Allowed choices are openai-chat'],
    [[...chat, '--format', 'xml', 'answer.sse'], 'Allowed choices are sse, json, eventstream, lines'],
    [chat, "missing required argument 'file'"],
  ])('refuses %j', (args, message) => {
    expect(usage(args)).toMatchObject({ status: 1, records: [], stderr: expect.stringContaining(message) });
  });

  it('streams: a body of any size takes no more memory', async () => {
    const child = spawn(
      process.execPath,
      ['--max-old-space-size=64', join(root, 'scripts/tollgate.mjs'), 'usage', ...chat, '-'],
      { stdio: ['pipe', 'pipe', 'inherit'] },
    );
    let output = '';
    child.stdout.on('data', (text: Buffer) => void (output += text.toString()));
    const quiet = Buffer.from(`data: ${events[0]}\n\n`.repeat(10_000));
    for (let written = 0; written < 300e6; written += quiet.length) {
      if (!child.stdin.write(quiet)) await once(child.stdin, 'drain');
    }
    child.stdin.end(bodies['answer.sse']);
    const [code] = (await once(child, 'close')) as [number];
    expect(code).toBe(0);
    expect(JSON.parse(output)).toEqual(counted);
  });
});
