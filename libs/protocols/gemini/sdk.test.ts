import { describe, expect, it } from '@jest/globals';
import { GoogleGenAI } from '@google/genai';
import fc from 'fast-check';
import type { JsonObject } from '#usage/json.js';
import type { Choice } from '#protocols/chat/chat-answer.js';
import type { AssistantPart } from '#protocols/chat/chat-request.js';
import { choices, requests } from '#protocols/gemini/arbitrary.fixture.js';
import { eventsOf, readRequest, target, withoutPlaces, writeStream } from '#protocols/gemini/gemini.fixture.js';
import { gemini } from '#protocols/gemini/gemini.js';

/** The official SDK before a server that gives this answer, and what the SDK sent to it. */
function sdkBefore(body: string, type = 'text/event-stream', status = 200) {
  const sent: JsonObject[] = [];
  const fetch = (_: unknown, init?: { body?: unknown }) => {
    sent.push(JSON.parse(init?.body as string) as JsonObject);
    return Promise.resolve(new Response(body, { status, headers: { 'content-type': type } }));
  };
  return { sdk: new GoogleGenAI({ apiKey: 'k', httpOptions: { fetch: fetch as typeof globalThis.fetch } }), sent };
}

const framed = (chunks: readonly JsonObject[]) => chunks.map((chunk) => `data: ${JSON.stringify(chunk)}\n\n`).join('');
const model = 'gemini-3-flash';
const textOf = (parts: readonly AssistantPart[]) =>
  parts.map((part) => (part.kind === 'text' ? part.text : '')).join('');
const callsOf = (parts: readonly AssistantPart[]) =>
  parts.flatMap((part) =>
    part.kind === 'tool-call' ? [[part.id, part.name, JSON.parse(part.arguments) as unknown]] : [],
  );
const finishReasonOf = ({ stop }: Choice) =>
  ({ end: 'STOP', 'tool-calls': 'STOP', length: 'MAX_TOKENS', 'content-filter': 'SAFETY' })[stop!.reason as 'end'] ??
  'MALFORMED_FUNCTION_CALL';

describe("Google's own SDK", () => {
  it('parses a stream to the same text, calls and reason', async () => {
    const property = fc.asyncProperty(choices, fc.integer({ min: 1, max: 4 }), async ([first], size) => {
      const { sdk } = sdkBefore(framed(writeStream(eventsOf([first!], size))));
      let text = '';
      const calls: unknown[] = [];
      let finishReason: string | undefined;
      for await (const chunk of await sdk.models.generateContentStream({ model, contents: 'Hi' })) {
        for (const part of chunk.candidates?.[0]?.content?.parts ?? []) {
          if (part.thought !== true) text += part.text ?? '';
          if (part.functionCall) calls.push([part.functionCall.id, part.functionCall.name, part.functionCall.args]);
        }
        finishReason = chunk.candidates?.[0]?.finishReason ?? finishReason;
      }
      expect({ text, calls, finishReason }).toEqual({
        text: textOf(first!.parts),
        calls: callsOf(first!.parts),
        finishReason: finishReasonOf(first!),
      });
    });
    await fc.assert(property, { numRuns: 60 });
  });

  it('parses a whole answer to the same text, calls and reason', async () => {
    const property = fc.asyncProperty(choices, async ([first]) => {
      const { sdk } = sdkBefore(
        JSON.stringify(gemini.writeAnswer({ choices: [first!] }, target())),
        'application/json',
      );
      const answer = await sdk.models.generateContent({ model, contents: 'Hi' });
      const calls = answer.functionCalls?.map(({ id, name, args }) => [id, name, args]) ?? [];
      const parts = answer.candidates?.[0]?.content?.parts ?? [];
      const text = parts.map((part) => (part.thought === true ? '' : (part.text ?? ''))).join('');
      expect({ text, calls, finishReason: answer.candidates?.[0]?.finishReason }).toEqual({
        text: textOf(first!.parts),
        calls: callsOf(first!.parts),
        finishReason: finishReasonOf(first!),
      });
    });
    await fc.assert(property, { numRuns: 60 });
  });

  it('sends a streamed answer back so that its thoughts, calls and signatures are still the same', async () => {
    const property = fc.asyncProperty(choices, async ([first]) => {
      const { sdk, sent } = sdkBefore(framed(writeStream(eventsOf([first!], 3))));
      const chat = sdk.chats.create({ model });
      for await (const _ of await chat.sendMessageStream({ message: 'Hi' }));
      await chat.sendMessageStream({ message: 'Go on' });
      const { messages } = readRequest(sent[1]!).value;
      // The pieces stay pieces in what the SDK sends, and citations and probabilities are not sent.
      const joined = (parts: readonly AssistantPart[]) => [
        textOf(parts),
        parts.map((part) => (part.kind === 'reasoning' ? part.text : '')).join(''),
        parts.map((part) => ('signature' in part ? part.signature : '')).join(''),
        parts.map((part) => (part.kind === 'reasoning' ? part.redacted : '')).join(''),
        callsOf(parts),
      ];
      const answered = messages.find(({ role }) => role === 'assistant')?.parts ?? [];
      expect(joined(answered as AssistantPart[])).toEqual(joined(first!.parts));
    });
    await fc.assert(property, { numRuns: 60 });
  });

  it("keeps another provider's thought with its id and its seal, in either alphabet of base64", async () => {
    const thought: AssistantPart = {
      kind: 'reasoning',
      at: '',
      text: 'Hm, ~~~ ???',
      signature: 'gAAAA_-=',
      id: 'rs_1',
      isSummary: true,
    };
    const events = eventsOf([{ index: 0, parts: [thought], stop: { reason: 'end' } }], 3).map((event) =>
      event.kind === 'part' ? { ...event, opens: { kind: 'reasoning' as const, id: 'rs_1', isSummary: true } } : event,
    );
    const { sdk, sent } = sdkBefore(framed(writeStream(events)));
    const chat = sdk.chats.create({ model });
    for await (const _ of await chat.sendMessageStream({ message: 'Hi' }));
    await chat.sendMessageStream({ message: 'Go on' });
    const standard = JSON.stringify(sent[1]);
    // Python's SDK holds bytes, and writes them so.
    const urlSafe = standard.replace(/"thoughtSignature":"([^"]*)"/g, (_, signature: string) => {
      return `"thoughtSignature":"${Buffer.from(signature, 'base64').toString('base64url')}"`;
    });
    for (const body of [standard, urlSafe]) {
      const { messages } = readRequest(JSON.parse(body) as JsonObject).value;
      expect(withoutPlaces(messages[1]!.parts)).toEqual(withoutPlaces([thought]));
    }
  });

  it('throws what a stream tells as an error', async () => {
    const error = gemini.writeError({ kind: 'rate_limit', message: 'Slow down.' }, target());
    const { sdk } = sdkBefore(framed([error]));
    const read = async () => {
      for await (const _ of await sdk.models.generateContentStream({ model, contents: 'Hi' }));
    };
    await expect(read()).rejects.toMatchObject({ status: 429 });
  });

  it('sends requests that are read without a loss', async () => {
    const property = fc.asyncProperty(requests, async (request) => {
      const body = gemini.writeRequest(request, target()) as JsonObject & { readonly contents: object[] };
      const { systemInstruction, tools, toolConfig, serviceTier, generationConfig } = body;
      const { sdk, sent } = sdkBefore('{}', 'application/json');
      const config = { systemInstruction, tools, toolConfig, serviceTier, ...(generationConfig as object) };
      await sdk.models.generateContent({ model, contents: body.contents, config: config as object });
      const { value, losses } = readRequest(sent[0]!);
      expect(losses).toEqual([]);
      expect(withoutPlaces(value)).toEqual(withoutPlaces(request));
    });
    await fc.assert(property, { numRuns: 60 });
  });
});
