import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { JsonObject } from '#usage/json.js';
import { InvalidBody } from '#protocols/chat/members.js';
import { choices, requests } from '#protocols/gemini/arbitrary.fixture.js';
import {
  eventsOf,
  readAnswer,
  readRequest,
  readStream,
  target,
  writeStream,
} from '#protocols/gemini/gemini.fixture.js';
import { gemini } from '#protocols/gemini/gemini.js';

/** A body in which one value, wherever it stands, is another. */
function withMistake(body: JsonObject, place: number, mistake: unknown): JsonObject {
  let left = place;
  const copy = (value: unknown): unknown => {
    left -= 1;
    if (left === 0) return mistake;
    if (Array.isArray(value)) return value.map(copy);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, copy(one)]));
  };
  return copy(JSON.parse(JSON.stringify(body))) as JsonObject;
}

const mistakes = fc.tuple(
  fc.integer({ min: 2, max: 80 }),
  fc.oneof(fc.jsonValue({ maxDepth: 2 }), fc.constantFrom('constructor', '__proto__', {}, [], [null], [[]], -1, 1e300)),
);

/** Anything but InvalidBody is a mistake of ours. */
function readsOrRefuses(read: () => unknown): void {
  try {
    read();
  } catch (error) {
    if (!(error instanceof InvalidBody)) throw error;
    expect(error.message).toMatch(/^.+\.$/);
  }
}

describe('a body with a mistake', () => {
  it('is read or refused as a request', () => {
    fc.assert(
      fc.property(requests, mistakes, (request, [place, mistake]) => {
        const body = withMistake(gemini.writeRequest(request, target()), place, mistake);
        readsOrRefuses(() => gemini.writeRequest(readRequest(body).value, target()));
      }),
      { numRuns: 500 },
    );
  });

  it('is read or refused as an answer', () => {
    fc.assert(
      fc.property(choices, mistakes, (made, [place, mistake]) => {
        const body = withMistake(gemini.writeAnswer({ choices: made }, target()), place, mistake);
        readsOrRefuses(() => gemini.writeAnswer(readAnswer(body).value, target()));
      }),
      { numRuns: 500 },
    );
  });

  it('is read or refused as a chunk of a stream', () => {
    fc.assert(
      fc.property(choices, mistakes, fc.nat(), (made, [place, mistake], which) => {
        const chunks = writeStream(eventsOf(made, 2));
        const index = which % chunks.length;
        chunks[index] = withMistake(chunks[index]!, Math.max(2, place % 12), mistake);
        readsOrRefuses(() => writeStream(readStream(chunks).value));
      }),
      { numRuns: 500 },
    );
  });
});
