import { describe, expect, it } from '@jest/globals';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ChatCompletionStream } from 'openai/lib/ChatCompletionStream';
import { SseParser } from '#framing/sse.js';
import { asObject, objectsIn, parseObject, type JsonObject } from '#usage/json.js';
import type { Loss } from '../chat/losses.js';
import { openaiChat } from './openai-chat.js';
import { gather, reading, readStream, target } from './openai-chat.fixture.js';
import { readAnswer } from './read-answer.js';

// They live outside the repository.
// eslint-disable-next-line no-restricted-properties -- a test's own switch, read nowhere else
const recordings = process.env['TOLLGATE_RECORDINGS'] ?? join(process.cwd(), '../shared/data');

/** All that the recorded answers hold and no other protocol could: anything else must be looked at. */
const knownLosses = new Set([
  'it is not said; the answer is taken for finished',
  'only citations of web pages are converted',
  'it is the cited page',
  'the provider rated the request and the answer',
  // Groq's own tools, which it runs itself.
  'executed_tools: it is not known here',
]);

const kindOf = ({ at, reason }: Loss) =>
  reason === 'it is not known here' ? `${at.split('.').findLast((name) => !/^\d+$/.test(name))}: ${reason}` : reason;

const textOf = (path: string) =>
  existsSync(join(recordings, path)) ? readFileSync(join(recordings, path), 'utf8') : '';

function dataOf(path: string): (JsonObject | string)[] {
  const bytes = Buffer.from(textOf(path));
  if (path.endsWith('.txt'))
    return bytes
      .toString()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as JsonObject);
  const data: (JsonObject | string)[] = [];
  const parser = new SseParser((piece) => {
    if (piece.data !== undefined) data.push(parseObject(piece.data) ?? piece.data.toString());
  });
  parser.push(bytes);
  parser.end();
  return data;
}

function streamFiles(): string[] {
  const index = JSON.parse(textOf('index.json') || '[]') as { api: string; file: string }[];
  const negatives = existsSync(join(recordings, 'negatives')) ? readdirSync(join(recordings, 'negatives')) : [];
  return [
    ...index.filter(({ api }) => api === 'openai-chat').map(({ file }) => file),
    ...negatives.filter((name) => name.startsWith('openai-chat__')).map((name) => `negatives/${name}`),
  ];
}

interface Answered {
  readonly provider: string;
  readonly response: JsonObject;
}

const answers = textOf('json/openai-chat.jsonl')
  .split('\n')
  .filter((line) => line !== '')
  .map((line) => JSON.parse(line) as Answered)
  .filter(({ response }) => asObject(response) !== undefined);

/** What the official SDK makes of chunks. */
async function gatheredBySdk(data: readonly (JsonObject | string)[]) {
  const lines = data.filter((one) => typeof one !== 'string').map((one) => `${JSON.stringify(one)}\n`);
  const stream = new ReadableStream({
    start(controller) {
      for (const line of lines) controller.enqueue(new TextEncoder().encode(line));
      controller.close();
    },
  });
  const { choices } = await ChatCompletionStream.fromReadableStream(stream).finalChatCompletion();
  return choices.map(({ finish_reason, message: { content, tool_calls, refusal } }) => ({
    finish_reason,
    content: content || null,
    refusal: refusal || null,
    calls: (tool_calls ?? []).flatMap((call) => (call.type === 'function' ? [{ id: call.id, ...call.function }] : [])),
  }));
}

describe('every recorded answer of OpenAI chat', () => {
  it('is read without a loss that is not known, and says the same when it is written', () => {
    for (const { response } of answers) {
      const { value, losses } = reading(response, readAnswer);
      expect(losses.map(kindOf).filter((kind) => !knownLosses.has(kind))).toEqual([]);
      const written = openaiChat.writeAnswer(value, target());
      expect(saidIn(written)).toEqual(saidIn(response));
    }
  });

  it('streams the same after it was read and written', async () => {
    for (const file of streamFiles()) {
      const recorded = dataOf(file);
      const { events, losses } = readStream(recorded);
      expect({ file, losses: losses.map(kindOf).filter((kind) => !knownLosses.has(kind)) }).toEqual({
        file,
        losses: [],
      });
      const writer = openaiChat.streamWriter(target());
      const written = events.flatMap((event) => writer.write(event)).map(({ data }) => data);
      expect({ file, ...gather(readStream(written).events) }).toEqual({ file, ...gather(events) });
      if (events.at(-1)?.kind === 'end') {
        expect({ file, choices: await gatheredBySdk(written) }).toEqual({ file, choices: saidInChunks(recorded) });
      } else
        expect({ file, error: JSON.stringify(written.at(-1)) }).toEqual({
          file,
          error: expect.stringContaining('"error"'),
        });
    }
  });
});

/** What an answer says, by a rule of its own. */
function saidIn(answer: JsonObject) {
  return objectsIn(answer['choices']).map((choice) => {
    const message = asObject(choice['message']) ?? {};
    const legacy = asObject(message['function_call'])?.['name'];
    const calls = objectsIn(message['tool_calls']).map((call) => asObject(call['function'])?.['name']);
    const said = legacy ? [legacy] : calls;
    return {
      text: textIn(message['content']),
      refusal: message['refusal'] || null,
      calls: said,
      finish: finishOf(choice, said),
    };
  });
}

function finishOf({ finish_reason: reason }: JsonObject, calls: readonly unknown[]): unknown {
  // Snowflake says nothing, and an older Together says it in its own word.
  if (reason === '') return calls.length > 0 ? 'tool_calls' : 'stop';
  if (reason === 'eos') return 'stop';
  return reason === 'function_call' ? 'tool_calls' : reason;
}

/** What chunks say, by a rule of its own: the official SDK cannot gather those that leave out what OpenAI's have. */
function saidInChunks(chunks: readonly (JsonObject | string)[]) {
  const choices = chunks.flatMap((chunk) => (typeof chunk === 'string' ? [] : objectsIn(chunk['choices'])));
  const deltas = choices.map((choice) => asObject(choice['delta']) ?? {});
  const calls = new Map<unknown, { id: unknown; name: unknown; arguments: string }>();
  for (const piece of deltas.flatMap((delta) => objectsIn(delta['tool_calls']))) {
    const called = asObject(piece['function']);
    const key = piece['index'] ?? piece['id'];
    const known = calls.get(key) ?? { id: piece['id'], name: called?.['name'], arguments: '' };
    calls.set(key, { ...known, arguments: known.arguments + ((called?.['arguments'] as string | undefined) ?? '') });
  }
  const written = choices.map((choice) => choice['finish_reason']).find((reason) => typeof reason === 'string');
  return [
    {
      finish_reason: written ?? 'stop',
      content: deltas.map(({ content }) => textIn(content)).join('') || null,
      refusal: deltas.map(({ refusal }) => (refusal as string | undefined) ?? '').join('') || null,
      calls: [...calls.values()],
    },
  ];
}

function textIn(content: unknown): string {
  if (typeof content === 'string') return content;
  return objectsIn(content)
    .map(({ text }) => (text as string | undefined) ?? '')
    .join('');
}
