import { describe, expect, it } from '@jest/globals';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SseParser } from '#framing/sse.js';
import { parseObject, type JsonObject } from '#usage/json.js';
import type { ChatAnswer } from '../chat/chat-answer.js';
import type { WireEvent } from '../chat/chat-protocol.js';
import type { Losses } from '../chat/losses.js';
import { meaning, readStream, readWith, target, toldBy, writeStream } from './openai-responses.fixture.js';
import { readAnswer } from './read-answer.js';
import { writeAnswer } from './write-answer.js';

// They live outside the repository.
// eslint-disable-next-line no-restricted-properties -- a test's own switch, read nowhere else
const recordings = process.env['TOLLGATE_RECORDINGS'] ?? join(process.cwd(), '../shared/data');

interface Row {
  readonly id: string;
  readonly file: string;
  readonly api: string;
  readonly response: unknown;
}

function textOf(path: string): string {
  return existsSync(join(recordings, path)) ? readFileSync(join(recordings, path), 'utf8') : '';
}

const rows = (JSON.parse(textOf('index.json') || '[]') as Row[]).filter(({ api }) => api === 'openai-responses');
const answers = textOf('json/openai-responses.jsonl')
  .split('\n')
  .filter((line) => line !== '')
  .map((line) => JSON.parse(line) as Row)
  .flatMap(({ id, response }) => (isAnswer(response) ? [{ id, response }] : []));

/** Long bodies were not kept. Compacting a conversation has an answer of its own kind. */
function isAnswer(response: unknown): response is JsonObject {
  return typeof response === 'object' && response !== null && (response as JsonObject)['object'] === 'response';
}

function wireOf(file: string): WireEvent[] {
  const wire: WireEvent[] = [];
  const parser = new SseParser(({ type, data }) => {
    if (data === undefined) return;
    wire.push({ ...(type !== undefined && { type }), data: parseObject(data) ?? data.toString() });
  });
  // Some are kept as one JSON event per line.
  const text = textOf(file);
  parser.push(Buffer.from(file.endsWith('.sse') ? text : text.replace(/^(?=.)/gm, 'data: ').replace(/\n/g, '\n\n')));
  parser.end();
  return wire;
}

/** What no other protocol has: all else must be read. */
const KNOWN_LOSSES = [
  /has no counterpart elsewhere/,
  /whether it is a comment or the final answer/,
  /it cites a file that only this provider has/,
  /a program of the model made the call/,
];
/** Members that a provider adds to its answers, or that belong to tools that only OpenAI has. */
const UNKNOWN_MEMBERS = /^output\.\d+\.namespace$|^(copilot_usage|status_details|tool_calls|total_tokens)$/;

function unexpected(losses: Losses): unknown[] {
  return losses
    .list()
    .filter(({ at, reason }) => !UNKNOWN_MEMBERS.test(at) && !KNOWN_LOSSES.some((known) => known.test(reason)));
}

/** A fixture whose events were broken by hand is no recording. */
const streams = rows
  .map(({ file }) => ({ file, wire: wireOf(file) }))
  .filter(({ wire }) => wire.every(({ data }) => typeof data !== 'string' || data === '[DONE]'));

const found = streams.length + answers.length > 0;

describe(
  found ? 'recorded answers of OpenAI responses' : 'recorded answers (none here: set TOLLGATE_RECORDINGS)',
  () => {
    it(`are read, and mean the same when they are written again, in all ${answers.length}`, () => {
      for (const { id, response } of answers) {
        const { value, losses } = readWith(response, readAnswer);
        expect({ id, unexpected: unexpected(losses) }).toEqual({ id, unexpected: [] });
        const to = target();
        const again = readWith(writeAnswer(value, to), readAnswer);
        expect({ id, again: meaning(again.value) }).toEqual({ id, again: meaning(value) });
        expect([...to.losses.list(), ...again.losses.list()]).toEqual([]);
      }
    });

    it(`are read as streams, and say the same when they are written again, in all ${streams.length}`, () => {
      for (const { file, wire } of streams) {
        const { events, losses } = readStream(wire);
        expect({ file, unexpected: unexpected(losses) }).toEqual({ file, unexpected: [] });
        const told = toldBy(events);
        expect({ file, ended: told.ended }).toEqual({ file, ended: told.parts.length });
        expect(events.some(({ kind }) => kind === 'end' || kind === 'error')).toBe(true);
        const to = target();
        expect({ file, ...toldBy(readStream(writeStream(events, to)).events) }).toEqual({ file, ...told });
        expect(to.losses.list()).toEqual([]);
      }
    });

    it('say the same in a stream as in its last event', () => {
      // The fixtures of other kinds are put together by hand.
      for (const { file, wire } of streams.filter((one) => one.file.endsWith('.sse'))) {
        const last = wire.findLast(({ data }) => typeof data === 'object')?.data as JsonObject;
        const response = last['response'] as JsonObject;
        const { parts, stop } = readWith(response, readAnswer).value.choices[0] as ChatAnswer['choices'][number];
        const told = toldBy(readStream(wire).events);
        expect({ file, parts: said(told.parts) }).toEqual({ file, parts: said(meaning(parts) as unknown[]) });
        expect({ file, stop: told.stop }).toEqual({ file, stop });
      }
    });
  },
);

/** A thought is encrypted anew each time and may get another id, and log probabilities are rounded in the end. */
function said(parts: readonly unknown[]): unknown[] {
  return parts.map((part) => {
    const { kind, text, name, arguments: input, id, citations } = part as JsonObject;
    return { kind, text, name, input, citations, id: kind === 'tool-call' ? id : undefined };
  });
}
