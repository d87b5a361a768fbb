import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { SseParser } from '#framing/sse.js';
import { asObject, parseObject, type JsonObject } from '#usage/json.js';
import type { ChatAnswer } from '#protocols/chat/chat-answer.js';
import type { Loss } from '#protocols/chat/losses.js';
import { answerOf, readAnswer, readStream, target, writeStream } from '#protocols/gemini/gemini.fixture.js';
import { gemini } from '#protocols/gemini/gemini.js';

// eslint-disable-next-line no-restricted-properties -- a test's own switch, read nowhere else
const recordings = process.env['TOLLGATE_RECORDINGS'] ?? join(process.cwd(), '../shared/data');
const lines = (file: string) =>
  readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '');
const within = (folder: string, ending: string) => {
  const path = join(recordings, folder);
  return existsSync(path)
    ? readdirSync(path)
        .filter((name) => name.endsWith(ending))
        .map((name) => join(path, name))
    : [];
};

function eventsIn(file: string): JsonObject[] {
  const chunks: JsonObject[] = [];
  const parser = new SseParser(({ data }) => {
    const chunk = data && parseObject(data);
    if (chunk) chunks.push(chunk);
  });
  parser.push(readFileSync(file));
  parser.end();
  return chunks;
}

const streams = [
  ...within('sse/gemini', '.sse').map((file) => ({ file, chunks: eventsIn(file) })),
  ...within('vercel-fixtures/google', '.chunks.txt').map((file) => ({
    file,
    chunks: lines(file).map((line) => JSON.parse(line) as JsonObject),
  })),
].filter(({ chunks }) => chunks.some((chunk) => 'candidates' in chunk));

const answers = within('json', 'gemini.jsonl')
  .flatMap(lines)
  .map((line) => asObject((JSON.parse(line) as JsonObject)['response']))
  .filter((body) => body !== undefined);

/** What these answers hold that no other protocol has a place for, without the numbers of places. */
const KNOWN_LOSSES = new Set([
  // The work of Gemini's own tools.
  'candidates.content.parts',
  'candidates.urlContextMetadata',
  'candidates.groundingMetadata.searchEntryPoint',
  'candidates.groundingMetadata.webSearchQueries',
  'candidates.groundingMetadata.retrievalMetadata',
  'candidates.groundingMetadata.groundingChunks',
  // Hints.
  'candidates.finishMessage',
  'candidates.groundingMetadata.groundingSupports.confidenceScores',
  'promptFeedback.blockReasonMessage',
]);

const unknownLosses = (losses: readonly Loss[]) =>
  losses.map(({ at }) => at.replace(/\.\d+/g, '')).filter((at) => !KNOWN_LOSSES.has(at));

/** Text, calls and stop: what must not change. A stream's own borders between texts may. */
const essence = ({ choices }: ChatAnswer) =>
  choices.map(({ parts, stop }) => ({
    text: parts.map((part) => (part.kind === 'text' ? part.text : '')).join(''),
    thoughts: parts.map((part) => (part.kind === 'reasoning' ? part.text : '')).join(''),
    signatures: parts.flatMap((part) => ('signature' in part ? [part.signature] : [])),
    citations: parts.flatMap((part) => (part.kind === 'text' ? (part.citations ?? []).map(({ url }) => url) : [])),
    calls: parts.flatMap((part) => (part.kind === 'tool-call' ? [[part.id, part.name, part.arguments]] : [])),
    stop,
  }));

describe('recorded answers of Gemini', () => {
  it('are read, lose only what is known to have no place, and are written back the same', () => {
    for (const body of answers) {
      const { value, losses } = readAnswer(body);
      expect(unknownLosses(losses)).toEqual([]);
      const written = JSON.parse(JSON.stringify(gemini.writeAnswer(value, target()))) as JsonObject;
      expect(essence(readAnswer(written).value)).toEqual(essence(value));
    }
  });

  it('say what their own parts say', () => {
    for (const body of answers) {
      const said = ((body['candidates'] ?? []) as JsonObject[]).flatMap(
        (candidate) => (asObject(candidate['content'])?.['parts'] ?? []) as JsonObject[],
      );
      const text = said.map((part) => (part['thought'] === true ? '' : ((part['text'] as string | undefined) ?? '')));
      const calls = said.map((part) => asObject(part['functionCall'])?.['args']).filter((args) => args !== undefined);
      const { value } = readAnswer(body);
      expect(
        essence(value)
          .map((one) => one.text)
          .join(''),
      ).toBe(text.join(''));
      expect(essence(value).flatMap((one) => one.calls.map(([, , args]) => JSON.parse(args!) as unknown))).toEqual(
        calls,
      );
    }
  });
});

describe('recorded streams of Gemini', () => {
  it('are read to their end, and written back the same', () => {
    for (const { file, chunks } of streams) {
      const { value, losses } = readStream(chunks);
      expect({ file, losses: unknownLosses(losses) }).toEqual({ file, losses: [] });
      expect({ file, last: value.at(-1) }).toEqual({ file, last: { kind: 'end' } });
      const to = target();
      const again = readStream(writeStream(value, to));
      expect(to.losses.list()).toEqual([]);
      expect({ file, said: essence(answerOf(again.value)) }).toEqual({ file, said: essence(answerOf(value)) });
    }
  });

  it('are there where recordings are', () => {
    expect(streams.length > 0).toBe(existsSync(join(recordings, 'index.json')));
  });
});
