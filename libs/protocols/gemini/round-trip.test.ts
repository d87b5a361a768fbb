import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { JsonObject } from '#usage/json.js';
import { choices, requests } from '#protocols/gemini/arbitrary.fixture.js';
import {
  answerOf,
  eventsOf,
  readAnswer,
  readRequest,
  readStream,
  target,
  withoutPlaces,
  writeStream,
} from '#protocols/gemini/gemini.fixture.js';
import { gemini } from '#protocols/gemini/gemini.js';

const sent = (body: JsonObject): JsonObject => JSON.parse(JSON.stringify(body)) as JsonObject;

/** Every member in snake_case, but what is the caller's own: schemas and arguments. */
function inSnakeCase(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inSnakeCase);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, one]) => [
      name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      ['args', 'response', 'parametersJsonSchema', 'responseJsonSchema'].includes(name) ? one : inSnakeCase(one),
    ]),
  );
}

describe('what Gemini can express', () => {
  it('is the same request after writing and reading it, in either spelling', () => {
    fc.assert(
      fc.property(requests, (request) => {
        const to = target();
        const body = sent(gemini.writeRequest(request, to));
        expect(to.losses.list()).toEqual([]);
        const read = readRequest(body);
        expect(read.losses).toEqual([]);
        expect(withoutPlaces(read.value)).toEqual(withoutPlaces(request));
        expect(withoutPlaces(readRequest(inSnakeCase(body) as JsonObject).value)).toEqual(withoutPlaces(request));
      }),
      { numRuns: 100 },
    );
  });

  it('is the same answer after writing and reading it', () => {
    fc.assert(
      fc.property(choices, (made) => {
        const to = target();
        const answer = { id: 'r', model: 'm', createdAt: 1_700_000_000, choices: made };
        const read = readAnswer(sent(gemini.writeAnswer(answer, to)));
        expect([...to.losses.list(), ...read.losses]).toEqual([]);
        expect(withoutPlaces(read.value)).toEqual(withoutPlaces(answer));
      }),
      { numRuns: 100 },
    );
  });

  it('is the same stream after writing and reading it, however its text is cut', () => {
    fc.assert(
      fc.property(choices, fc.integer({ min: 1, max: 5 }), (made, size) => {
        const to = target();
        const chunks = writeStream(eventsOf(made, size), to).map(sent);
        const read = readStream(chunks);
        expect([...to.losses.list(), ...read.losses]).toEqual([]);
        const expected = { id: 'r', model: 'm', createdAt: 1_700_000_000, choices: made };
        expect(answerOf(read.value)).toEqual(withoutPlaces(expected));
        expect(read.value.at(-1)).toEqual({ kind: 'end' });
        // The SDK keeps a streamed answer only if each of its chunks has parts with something in them.
        for (const chunk of chunks) {
          const [candidate] = chunk['candidates'] as { content: { parts: object[] } }[];
          expect(candidate!.content.parts.every((part) => Object.keys(part).length > 0)).toBe(true);
          expect(candidate!.content.parts).not.toEqual([]);
        }
      }),
      { numRuns: 100 },
    );
  });
});
