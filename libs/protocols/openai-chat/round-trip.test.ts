import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { anyRequests } from '../chat/chat-request.fixture.js';
import { openaiChat } from './openai-chat.js';
import { readAnswer } from './read-answer.js';
import { readRequest } from './read-request.js';
import { answers, gather, reading, readStream, replies, streamed, target } from './openai-chat.fixture.js';

const withoutPlaces = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value, (key, member: unknown) => (key === 'at' ? undefined : member)));

describe('OpenAI chat', () => {
  it('reads the requests that it writes', () => {
    fc.assert(
      fc.property(anyRequests, ({ stream: _, ...request }) => {
        const { topK: __, parallelToolCalls, ...others } = request.settings;
        const isChoice = request.tools.length > 0 && parallelToolCalls !== undefined;
        const settings = { ...others, ...(isChoice && { parallelToolCalls }) };
        const expected = { ...request, settings };
        const to = target();
        const { value, losses } = reading(openaiChat.writeRequest(expected, to), readRequest);
        expect(to.losses.list()).toEqual([]);
        expect(losses).toEqual([]);
        expect(withoutPlaces(value)).toEqual(withoutPlaces(expected));
      }),
    );
  });

  it('reads the turns of an assistant that it writes', () => {
    fc.assert(
      fc.property(replies, (parts) => {
        // A past turn has no log probabilities and no citations.
        const turn = parts.map((part) => {
          if (part.kind !== 'text') return part;
          const { citations: _, logprobs: __, ...text } = part;
          return text;
        });
        const messages = [{ role: 'assistant' as const, at: '', parts: turn }];
        const written = openaiChat.writeRequest({ instructions: [], messages, tools: [], settings: {} }, target());
        const { value, losses } = reading(written, readRequest);
        expect(losses).toEqual([]);
        expect(withoutPlaces(value.messages)).toEqual(withoutPlaces(messages));
      }),
    );
  });

  it('reads the answers that it writes', () => {
    fc.assert(
      fc.property(answers, (answer) => {
        const to = target();
        const { value, losses } = reading(openaiChat.writeAnswer(answer, to), readAnswer);
        expect([...to.losses.list(), ...losses]).toEqual([]);
        expect(withoutPlaces(value)).toEqual(withoutPlaces(answer));
      }),
    );
  });

  it('reads the streams that it writes, however they are cut', () => {
    fc.assert(
      fc.property(answers, fc.integer({ min: 1, max: 5 }), (answer, size) => {
        const cut = (text: string) => text.match(new RegExp(`.{1,${size}}`, 'gsu')) ?? [];
        const writer = openaiChat.streamWriter(target());
        const written = streamed(answer, cut).flatMap((event) => writer.write(event));
        const { events, losses } = readStream(written.map(({ data }) => data));
        expect(losses).toEqual([]);
        expect(withoutPlaces(gather(events))).toEqual(withoutPlaces({ choices: answer.choices, ended: true }));
      }),
    );
  });
});
