import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { JsonObject } from '#usage/json.js';
import { usageReader } from '#usage/usage-reader.js';
import { inputTokens, outputTokens, type Usage } from '#usage/usage.js';
import type { ChatEvent, OpenedPart } from '../chat/chat-answer.js';
import type { AssistantPart } from '../chat/chat-request.js';
import { anthropicMessages } from './anthropic-messages.js';
import {
  answerOf,
  answerParts,
  bytesOf,
  eventsIn,
  readAll,
  reading,
  requests,
  stops,
  streamedParts,
  target,
  withoutPlaces,
} from './anthropic-messages.fixture.js';
import { writeUsage } from './write-usage.js';

const count = fc.option(fc.nat(1_000_000), { nil: undefined });
const counts = (...names: readonly string[]) =>
  fc.record(Object.fromEntries(names.map((name) => [name, count])), { requiredKeys: [] });

const usages: fc.Arbitrary<Usage> = fc
  .record({
    fresh: counts('text', 'audio', 'image'),
    cacheRead: counts('text', 'image'),
    cacheWrite: counts('ttl5m', 'ttl1h', 'other'),
    toolPrompt: count,
    out: counts('text', 'reasoning', 'audio'),
  })
  .map(({ fresh, cacheRead, cacheWrite, toolPrompt, out }) => ({
    provider: 'openai',
    api: 'openai-chat',
    segments: [
      { kind: 'main', in: { fresh, cacheRead, cacheWrite, ...(toolPrompt !== undefined && { toolPrompt }) }, out },
    ],
    completeness: 'final',
    anomalies: [],
  }));

const totals = ({ segments }: Usage) => [
  segments.reduce((sum, one) => sum + inputTokens(one), 0),
  segments.reduce((sum, one) => sum + outputTokens(one), 0),
];

function usageIn(bytes: Buffer, format: 'json' | 'sse'): Usage {
  const reader = usageReader({ provider: 'anthropic', api: 'anthropic-messages' }, format);
  reader.push(bytes);
  return reader.end();
}

/** The events of a whole answer, its text in pieces. */
function streamed(parts: readonly AssistantPart[], pieceLength: number): ChatEvent[][] {
  return parts.map((one, part): ChatEvent[] => {
    const at = { choice: 0, part };
    const { text, ...more } = {
      text: one.kind === 'tool-call' ? one.arguments : one.kind === 'image' ? '' : one.text,
      ...one,
    };
    const pieces = text.match(new RegExp(`[^]{1,${pieceLength}}`, 'gu')) ?? [];
    return [
      { kind: 'part', ...at, opens: opening(one) },
      ...pieces.map((piece): ChatEvent => ({ kind: 'delta', ...at, delta: { text: piece } })),
      ...(more.kind === 'text' ? (more.citations ?? []) : []).map((citation): ChatEvent => ({
        kind: 'delta',
        ...at,
        delta: { citation },
      })),
      ...(more.kind === 'reasoning' && more.signature !== undefined
        ? [{ kind: 'delta', ...at, delta: { signature: more.signature } } as const]
        : []),
      { kind: 'part-end', ...at },
    ];
  });
}

function opening(part: AssistantPart): OpenedPart {
  switch (part.kind) {
    case 'reasoning':
      return { kind: 'reasoning', ...(part.redacted !== undefined && { redacted: part.redacted }) };
    case 'tool-call':
      return { kind: 'tool-call', id: part.id, name: part.name };
    case 'text':
    case 'refusal':
      return { kind: part.kind };
    case 'image':
      return part;
  }
}

/** Parts open in order; beyond that their events come as they like. */
function interleaved(parts: readonly ChatEvent[][], choices: Iterable<number>): ChatEvent[] {
  const queues = parts.map((events) => [...events]);
  const open: ChatEvent[][] = [];
  const merged: ChatEvent[] = [];
  const next = choices[Symbol.iterator]();
  while (open.length + queues.length > 0) {
    const picked = (next.next().value as number) % (open.length + Math.min(queues.length, 1));
    if (picked === open.length) open.push(queues.shift()!);
    merged.push(open[picked]!.shift()!);
    if (open[picked]!.length === 0) open.splice(picked, 1);
  }
  return merged;
}

function write(events: readonly ChatEvent[], to = target()): Buffer {
  const writer = anthropicMessages.streamWriter(to);
  return bytesOf(events.flatMap((event) => writer.write(event)));
}

describe('a request', () => {
  it('is read as it was written, and nothing of it is lost', () => {
    fc.assert(
      fc.property(requests, (request) => {
        const to = target();
        const body = anthropicMessages.writeRequest(request, to);
        const { value, losses } = reading((one) => anthropicMessages.readRequest(one.open(body)));
        expect([...to.losses.list(), ...losses.list()]).toEqual([]);
        expect(withoutPlaces(value)).toEqual(withoutPlaces(request));
      }),
    );
  });
});

describe('an answer', () => {
  it('is read as it was written, with what other providers want back', () => {
    fc.assert(
      fc.property(answerParts, stops, (parts, stop) => {
        const answer = { id: 'msg_1', model: 'm', choices: [{ index: 0, parts, stop }] };
        const body = anthropicMessages.writeAnswer(answer, target());
        const { value } = reading((one) => anthropicMessages.readAnswer(one.open(body)));
        expect(withoutPlaces(value)).toEqual(withoutPlaces(answer));
        // The client sends it back with its next request.
        const history = {
          max_tokens: 1,
          messages: [
            { role: 'user', content: 'Hi' },
            { role: 'assistant', content: body['content'] },
          ],
        };
        const back = reading((one) => anthropicMessages.readRequest(one.open(history))).value;
        expect(withoutPlaces(back.messages[1])).toEqual(withoutPlaces({ role: 'assistant', parts }));
      }),
    );
  });

  it('tells the usage that it was given', () => {
    fc.assert(
      fc.property(usages, (usage) => {
        const body: JsonObject = { model: 'm', usage: writeUsage(usage) };
        expect(totals(usageIn(Buffer.from(JSON.stringify(body)), 'json'))).toEqual(totals(usage));
      }),
    );
  });
});

describe('a stream', () => {
  it('is read as it was written, however its deltas are cut and its parts interleave', () => {
    const cuts = fc.record({ piece: fc.integer({ min: 1, max: 30 }), order: fc.infiniteStream(fc.nat()) });
    fc.assert(
      fc.property(streamedParts, stops, usages, cuts, (parts, stop, usage, { piece, order }) => {
        const bytes = write([
          { kind: 'start', id: 'msg_1', model: 'm' },
          ...interleaved(streamed(parts, piece), order),
          { kind: 'stop', choice: 0, stop },
          { kind: 'usage', usage },
          { kind: 'end' },
        ]);
        const { value: read, losses } = reading((one) => readAll(anthropicMessages.streamReader(one), eventsIn(bytes)));
        expect(losses.list().filter(({ weight }) => weight === 'meaning')).toEqual([]);
        const answer = answerOf(read);
        expect(answer.parts).toEqual(answerOf(streamed(parts, 30).flat()).parts);
        expect(answer.stop).toEqual(stop);
        expect(answer.kinds.at(-1)).toBe('end');
        expect(totals(usageIn(bytes, 'sse'))).toEqual(totals(usage));
      }),
    );
  });
});
