import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { JsonObject } from '#usage/json.js';
import { chatApis, type ChatApi } from '#protocols/chat/chat-api.js';
import type { ChatRequest } from '#protocols/chat/chat-request.js';
import { anyRequests, sharedRequests } from '#protocols/chat/chat-request.fixture.js';
import { Losses } from '#protocols/chat/losses.js';
import { Reading } from '#protocols/chat/members.js';
import { protocols } from '#protocols/chat/protocols.js';
import { type Conversion, convertAnswer, convertRequest, targetOf } from '#protocols/convert.js';
import { StreamConversion } from '#protocols/convert-stream.js';
import { Refusal } from '#protocols/error-body.js';

const conversion = (from: ChatApi, to: ChatApi, more: Partial<Conversion> = {}): Conversion => ({
  from,
  to,
  model: 'a-model',
  id: 'an-id',
  now: 1_790_000_000,
  ...more,
});

function write(request: ChatRequest, api: ChatApi): { body: JsonObject; losses: Losses } {
  const losses = new Losses();
  return { body: protocols[api].writeRequest(request, targetOf(conversion(api, api), losses)), losses };
}

/** What a body means, in the middle's words and without the places. */
function meaningOf(body: JsonObject, api: ChatApi): unknown {
  const read = protocols[api].readRequest(new Reading(new Losses()).open(body));
  return JSON.parse(
    JSON.stringify({ ...read, model: 'a-model', stream: false }, (key, value: unknown) =>
      key === 'at' ? undefined : value,
    ),
  );
}

const pairs = chatApis.flatMap((from) => chatApis.filter((to) => to !== from).map((to) => [from, to] as const));

describe.each(pairs)('a request from %s to %s', (from, to) => {
  it('means the same after the way there and back', () => {
    fc.assert(
      fc.property(sharedRequests, (request) => {
        const { body, losses } = write(request, from);
        expect(losses.list().filter(({ weight }) => weight === 'meaning')).toEqual([]);
        const there = convertRequest(body, conversion(from, to, { allowsLosses: true }));
        if (there instanceof Refusal) throw new Error(there.message);
        const back = convertRequest(there.body, conversion(to, from, { allowsLosses: true }));
        if (back instanceof Refusal) throw new Error(back.message);
        const lost = [...there.losses, ...back.losses].filter(({ weight }) => weight === 'meaning');
        expect(lost).toEqual([]);
        expect(meaningOf(back.body, from)).toEqual(meaningOf(body, from));
      }),
      { numRuns: 60 },
    );
  });

  it('is refused by the name of what cannot be expressed, and never loses it in silence', () => {
    fc.assert(
      fc.property(anyRequests, (request) => {
        const { body, losses } = write(request, from);
        // What the client's own protocol cannot say is not in the body at all.
        const unsaid = new Set(losses.list().map(({ at }) => at));
        const asked = convertRequest(body, conversion(from, to));
        const allowed = convertRequest(body, conversion(from, to, { allowsLosses: true }));
        if (allowed instanceof Refusal) throw new Error(allowed.message);
        const lost = allowed.losses.filter(({ weight }) => weight === 'meaning');
        expect(asked instanceof Refusal).toBe(lost.length > 0);
        if (asked instanceof Refusal) expect(asked.message).toContain(lost[0]!.at);
        const unheard = new Losses();
        const { settings } = protocols[to].readRequest(new Reading(unheard).open(allowed.body));
        // Gemini's reader leaves out a topK of 64, and says so: it is what Gemini does without it.
        const usual = new Set(unheard.list().map(({ at }) => at));
        for (const name of Object.keys(request.settings) as (keyof typeof settings)[]) {
          const source = protocols[from].settingNames[name];
          if (unsaid.has(source) || usual.has(protocols[to].settingNames[name])) continue;
          const told = allowed.losses.some(({ at }) => at.startsWith(source) || source.startsWith(at));
          if (!told) expect({ name, value: settings[name] }).toEqual({ name, value: request.settings[name] });
        }
      }),
      { numRuns: 150 },
    );
  });
});

describe('a conversion', () => {
  it('names the member that breaks the protocol', () => {
    const refusal = convertRequest(
      { model: 'm', messages: [{ role: 'user', content: 7 }] },
      conversion('openai-chat', 'gemini'),
    );
    expect(refusal).toMatchObject({ code: 'invalid_request', param: 'messages.0.content' });
  });

  it('refuses a member that nobody knows, unless its loss is allowed', () => {
    const body = { model: 'm', messages: [{ role: 'user', content: 'Hi' }], frobnicate: 1 };
    expect(convertRequest(body, conversion('openai-chat', 'anthropic-messages'))).toMatchObject({
      param: 'frobnicate',
    });
    expect(convertRequest(body, conversion('openai-chat', 'anthropic-messages', { allowsLosses: true }))).toMatchObject(
      {
        losses: expect.arrayContaining([expect.objectContaining({ at: 'frobnicate', weight: 'meaning' })]),
      },
    );
  });

  it('gives a body of the same protocol back untouched', () => {
    const body = { anything: [1, 2], model: 'm' };
    expect(convertRequest(body, conversion('gemini', 'gemini'))).toMatchObject({ body });
  });

  it.each(chatApis)('tells an error of %s in the shape of every other protocol', (from) => {
    for (const to of chatApis) {
      const error = { kind: 'rate_limit' as const, message: 'Slow down.' };
      const body = protocols[from].writeError(error, targetOf(conversion(from, from), new Losses()));
      const converted = convertAnswer(Buffer.from(JSON.stringify(body)), conversion(from, to));
      if (converted instanceof Refusal) throw new Error(converted.message);
      expect(converted.status).toBe(429);
      expect(protocols[to].readError(converted.body)).toMatchObject(error);
    }
  });

  it.each(chatApis)('tells an error of %s that has no envelope', (from) => {
    for (const said of ['{"message":"Too many."}', '{"error":"Too many."}', '[{"error":{"message":"Too many."}}]']) {
      for (const to of chatApis.filter((one) => one !== from)) {
        const converted = convertAnswer(Buffer.from(said), conversion(from, to));
        if (converted instanceof Refusal) throw new Error(converted.message);
        expect(protocols[to].readError(converted.body)).toMatchObject({ message: 'Too many.' });
      }
    }
  });

  it.each(chatApis)('tells an error in a stream of %s that comes in the shape of a body', (from) => {
    for (const to of chatApis.filter((one) => one !== from)) {
      const stream = new StreamConversion(conversion(from, to));
      const out = Buffer.concat([
        stream.push(Buffer.from('data: {"error":{"message":"Too many."}}\n\n')),
        stream.end(),
      ]);
      expect(out.toString()).toContain('Too many.');
    }
  });

  it.each(chatApis)('takes no object at all for an answer of %s', (from) => {
    for (const to of chatApis.filter((one) => one !== from)) {
      expect(convertAnswer(Buffer.from('{}'), conversion(from, to))).toBeInstanceOf(Refusal);
    }
  });

  it('reads an end that Google tells by its number', () => {
    const body = { candidates: [{ content: { parts: [{ text: 'a' }] }, finishReason: 2 }] };
    const converted = convertAnswer(Buffer.from(JSON.stringify(body)), conversion('gemini', 'openai-chat'));
    expect(converted).toMatchObject({ body: { choices: [{ finish_reason: 'length' }] } });
  });

  it('calls an answer that is no JSON object unreadable', () => {
    expect(convertAnswer(Buffer.from('<html>'), conversion('gemini', 'openai-chat'))).toBeInstanceOf(Refusal);
  });
});
