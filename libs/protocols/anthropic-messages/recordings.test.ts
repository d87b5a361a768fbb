import { describe, expect, it } from '@jest/globals';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { asObject, type JsonObject } from '#usage/json.js';
import type { WireEvent } from '../chat/chat-protocol.js';
import type { Loss } from '../chat/losses.js';
import { InvalidBody } from '../chat/members.js';
import { anthropicMessages } from './anthropic-messages.js';
import { answerOf, bytesOf, eventsIn, readAll, reading, target, withoutPlaces } from './anthropic-messages.fixture.js';

// They live outside the repository.
// eslint-disable-next-line no-restricted-properties -- a test's own switch, read nowhere else
const recordings = process.env['TOLLGATE_RECORDINGS'] ?? join(process.cwd(), '../shared/data');
const found = existsSync(join(recordings, 'index.json'));
const textOf = (file: string) => readFileSync(join(recordings, file), 'utf8');
const filesIn = (folder: string, ending: string) =>
  found
    ? readdirSync(join(recordings, folder))
        .filter((file) => file.endsWith(ending))
        .map((file) => join(folder, file))
    : [];

const fixtures = 'vercel-fixtures/anthropic';
const framed = (lines: string) =>
  lines
    .trim()
    .split('\n')
    .map((line) => `data: ${line}\n\n`)
    .join('');
const streams: readonly { readonly file: string; readonly events: WireEvent[] }[] = [
  ...filesIn('sse/anthropic-messages', '.sse').map((file) => ({ file, events: eventsIn(Buffer.from(textOf(file))) })),
  ...filesIn(fixtures, '.chunks.txt').map((file) => ({ file, events: eventsIn(Buffer.from(framed(textOf(file)))) })),
];
/** Where a second answer begins: some fixtures are several, one after another, and one is half of each. */
const nextAnswer = (events: readonly WireEvent[]) => {
  const idOf = ({ data }: WireEvent) => asObject(asObject(data)?.['message'])?.['id'];
  const first = events.find((event) => idOf(event) !== undefined);
  return events.findIndex((event) => idOf(event) !== undefined && idOf(event) !== idOf(first!));
};

interface Row {
  readonly id: string;
  readonly response?: JsonObject;
}
const answers = (found ? textOf('json/anthropic-messages.jsonl').trim().split('\n') : [])
  .map((line) => JSON.parse(line) as Row)
  .flatMap(({ id, response }) =>
    response === undefined || response === null ? [] : [{ file: `${id}`, body: response }],
  )
  .concat(filesIn(fixtures, '.json').map((file) => ({ file, body: JSON.parse(textOf(file)) as JsonObject })));

/** What of real answers has no counterpart: the provider's own tools, and what it says about its own running. */
const known = [
  /^a block of type (server_tool_use|\w+_tool_result|mcp_tool_use|mcp_tool_result|compaction|fallback) has no counterpart$/,
  /^code that the model wrote calls a tool$/,
  // An answer of more blocks of its own tools than are told one by one.
  /^\d+ more$/,
];
const unknown = (losses: readonly Loss[]) =>
  losses.filter(({ weight, reason }) => weight === 'meaning' && !known.some((one) => one.test(reason)));

describe(found ? 'recorded answers' : 'recorded answers (none here: set TOLLGATE_RECORDINGS to read them)', () => {
  it(`lose nothing but the provider's own tools, and are written as they were, in ${answers.length} of them`, () => {
    for (const { file, body } of answers) {
      const { value, losses } = reading((one) => anthropicMessages.readAnswer(one.open(body)));
      expect({ file, unknown: unknown(losses.list()) }).toEqual({ file, unknown: [] });
      const to = target();
      const written = anthropicMessages.writeAnswer(value, to);
      const again = reading((one) => anthropicMessages.readAnswer(one.open(written))).value;
      expect(withoutPlaces(again)).toEqual(withoutPlaces(value));
      for (const name of ['id', 'model', 'stop_reason', 'stop_sequence'])
        expect(written[name]).toEqual(body[name] ?? null);
      expect(said(written)).toEqual(said(body));
    }
  });

  it(`stream to the same text, calls and stop reason in ${streams.length} of them`, () => {
    for (const { file, events } of streams) {
      const next = nextAnswer(events);
      if (next !== -1)
        expect(() => reading((one) => readAll(anthropicMessages.streamReader(one), events))).toThrow(InvalidBody);
      events.splice(next === -1 ? events.length : next);
      const { value, losses } = reading((one) => readAll(anthropicMessages.streamReader(one), events));
      expect({ file, unknown: unknown(losses.list()) }).toEqual({ file, unknown: [] });
      const writer = anthropicMessages.streamWriter(target());
      const bytes = bytesOf(value.flatMap((event) => writer.write(event)));
      const again = reading((one) => readAll(anthropicMessages.streamReader(one), eventsIn(bytes))).value;
      const { parts, stop, kinds } = answerOf(value);
      const rewritten = answerOf(again);
      expect({ file, parts: rewritten.parts, stop: rewritten.stop }).toEqual({ file, parts, stop });
      expect(rewritten.kinds.at(-1)).toBe(kinds.at(-1));
    }
  });
});

/** The text and the calls of an answer, without what only Anthropic says of them. */
function said(answer: JsonObject): unknown[] {
  return (answer['content'] as JsonObject[]).flatMap((block): JsonObject[] => {
    const { type, text, id, name, input, thinking, signature, data } = asObject(block) ?? {};
    if (type === 'text') return text === '' ? [] : [{ text }];
    if (type === 'tool_use') return [{ id, name, input }];
    if (type === 'thinking') return [{ thinking, signature }];
    return type === 'redacted_thinking' ? [{ data }] : [];
  });
}
