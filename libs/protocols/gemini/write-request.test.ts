import { describe, expect, it } from '@jest/globals';
import type { ChatRequest, Settings } from '#protocols/chat/chat-request.js';
import { gemini } from '#protocols/gemini/gemini.js';
import { target } from '#protocols/gemini/gemini.fixture.js';

const at = 'here';
const request = (more: Partial<ChatRequest> = {}): ChatRequest => ({
  instructions: [],
  messages: [{ role: 'user', at, parts: [{ kind: 'text', at, text: 'Hi' }] }],
  tools: [],
  settings: {},
  ...more,
});

function write(more: Partial<ChatRequest>, model = 'gemini-3-flash') {
  const to = target({ model });
  const body = gemini.writeRequest(request(more), to);
  return { body, losses: to.losses.list() };
}
const configOf = (settings: Settings, model?: string) => write({ settings }, model).body['generationConfig'];

describe('a request to Gemini', () => {
  it('calls functions and gives their results by name', () => {
    const { body, losses } = write({
      messages: [
        {
          role: 'assistant',
          at,
          parts: [
            { kind: 'reasoning', at, text: 'Hm.', signature: 'c2ln' },
            { kind: 'tool-call', at, id: 'a', name: 'f', arguments: '{"x":1}', signature: 'Y2Fs' },
            { kind: 'tool-call', at, id: 'b', name: 'g', arguments: '' },
          ],
        },
        {
          role: 'tool',
          at,
          parts: [
            { kind: 'tool-result', at, callId: 'b', parts: [{ kind: 'text', at, text: 'done' }] },
            { kind: 'tool-result', at, callId: 'a', parts: [{ kind: 'text', at, text: 'no' }], isError: true },
          ],
        },
      ],
    });
    expect(losses).toEqual([]);
    expect(body['contents']).toEqual([
      {
        role: 'model',
        parts: [
          { text: 'Hm.', thought: true, thoughtSignature: 'c2ln' },
          { functionCall: { id: 'a', name: 'f', args: { x: 1 } }, thoughtSignature: 'Y2Fs' },
          { functionCall: { id: 'b', name: 'g', args: {} } },
        ],
      },
      {
        role: 'user',
        parts: [
          { functionResponse: { id: 'b', name: 'g', response: { output: 'done' } } },
          { functionResponse: { id: 'a', name: 'f', response: { error: 'no' } } },
        ],
      },
    ]);
  });

  it('says of a call without its signature that nobody has it, where Gemini insists on one', () => {
    const parts = ['a', 'b'].map((id) => ({ kind: 'tool-call', at, id, name: 'f', arguments: '{}' }) as const);
    const { body, losses } = write({ messages: [{ role: 'assistant', at, parts }] });
    expect(body['contents']).toMatchObject([
      { parts: [{ thoughtSignature: 'skip_thought_signature_validator' }, { functionCall: { id: 'b' } }] },
    ]);
    expect(losses).toEqual([expect.objectContaining({ at, weight: 'hint' })]);
    expect(write({ messages: [{ role: 'assistant', at, parts }] }, 'gemini-2.5-pro').losses).toEqual([]);
  });

  it('puts the images of a result beside its response', () => {
    const image = { kind: 'image', at, source: { from: 'bytes', mediaType: 'image/png', base64: 'AAAA' } } as const;
    const { body } = write({
      messages: [
        { role: 'assistant', at, parts: [{ kind: 'tool-call', at, id: 'a', name: 'f', arguments: '{}' }] },
        { role: 'tool', at, parts: [{ kind: 'tool-result', at, callId: 'a', parts: [image] }] },
      ],
    });
    expect(body['contents']).toMatchObject([
      {},
      {
        parts: [
          {
            functionResponse: {
              response: {},
              parts: [{ inlineData: { mimeType: 'image/png', data: 'AAAA' } }],
            },
          },
        ],
      },
    ]);
  });

  it('sends media by address with the type that the name tells', () => {
    const url = (address: string, mediaType?: string) =>
      ({ kind: 'image', at: address, source: { from: 'url', url: address, ...(mediaType && { mediaType }) } }) as const;
    const parts = [url('https://a/b.png?x=1'), url('https://a/b', 'image/webp'), url('https://a/b')];
    const { body, losses } = write({ messages: [{ role: 'user', at, parts }] });
    expect(body['contents']).toEqual([
      {
        role: 'user',
        parts: [
          { fileData: { mimeType: 'image/png', fileUri: 'https://a/b.png?x=1' } },
          { fileData: { mimeType: 'image/webp', fileUri: 'https://a/b' } },
        ],
      },
    ]);
    expect(losses).toEqual([expect.objectContaining({ at: 'https://a/b', weight: 'meaning' })]);
  });

  it('tells what it cannot say', () => {
    const { losses } = write({
      messages: [
        { role: 'user', at: 'u', name: 'Ann', parts: [{ kind: 'text', at, text: 'Hi', cache: '5m' }] },
        { role: 'system', at: 's', parts: [{ kind: 'text', at, text: 'Be brief.' }] },
        {
          role: 'assistant',
          at,
          parts: [
            { kind: 'tool-call', at: 'c', id: 'a', name: 'f', arguments: '{"x":' },
            { kind: 'reasoning', at: 'r', text: '', redacted: 'x' },
          ],
        },
        { role: 'tool', at, parts: [{ kind: 'tool-result', at: 't', callId: 'z', parts: [] }] },
        { role: 'user', at, parts: [{ kind: 'file', at: 'f', source: { from: 'upload', id: 'file-abc' } }] },
      ],
      tools: [{ at: 'tool', name: 'f' }],
      settings: { parallelToolCalls: false, verbosity: 'low', user: 'u', metadata: {}, serviceTier: 'scale' },
    });
    expect(losses.map(({ at: place, weight }) => [place, weight]).sort()).toEqual(
      [
        ['u.name', 'meaning'],
        ['here', 'hint'],
        ['s', 'meaning'],
        ['c', 'hint'],
        ['c.arguments', 'meaning'],
        ['r', 'hint'],
        ['t', 'meaning'],
        ['f', 'meaning'],
        ['toolConfig', 'meaning'],
        ['generationConfig', 'meaning'],
        ['labels', 'hint'],
        ['labels', 'hint'],
        ['serviceTier', 'hint'],
      ].sort(),
    );
  });

  it('lets a system message of later speak first, when its place may be lost', () => {
    const { body } = write({
      instructions: [{ kind: 'text', at, text: 'Be kind.' }],
      messages: [
        { role: 'user', at, parts: [{ kind: 'text', at, text: 'Hi' }] },
        { role: 'system', at, parts: [{ kind: 'text', at, text: 'Be brief.' }] },
      ],
    });
    expect(body['systemInstruction']).toEqual({ parts: [{ text: 'Be kind.' }, { text: 'Be brief.' }] });
  });

  it('steers thinking by level where the model has levels, else by budget', () => {
    expect(configOf({ reasoning: { effort: 'low' } }, 'gemini-3-pro-preview')).toEqual({
      thinkingConfig: { thinkingLevel: 'LOW' },
    });
    expect(configOf({ reasoning: { effort: 'low', shown: 'auto' } }, 'gemini-2.5-flash')).toEqual({
      thinkingConfig: { thinkingBudget: 1024, includeThoughts: true },
    });
    expect(configOf({ reasoning: { effort: 'none' } }, 'gemini-3-flash')).toEqual({
      thinkingConfig: { thinkingBudget: 0 },
    });
    expect(configOf({ reasoning: { budgetTokens: 5000, shown: false } }, 'gemini-3-flash')).toEqual({
      thinkingConfig: { thinkingBudget: 5000, includeThoughts: false },
    });
  });

  it('keeps the calls of strict functions to their schemas', () => {
    const tools = [{ at, name: 'f', parameters: { type: 'object' }, strict: true }];
    expect(write({ tools }).body).toMatchObject({
      tools: [{ functionDeclarations: [{ name: 'f', parametersJsonSchema: { type: 'object' } }] }],
      toolConfig: { functionCallingConfig: { mode: 'VALIDATED' } },
    });
  });

  it('answers in JSON by a schema', () => {
    const schema = { type: 'object' };
    expect(configOf({ output: { kind: 'json-schema', schema, description: 'A person.' } })).toEqual({
      responseMimeType: 'application/json',
      responseJsonSchema: { type: 'object', description: 'A person.' },
    });
  });
});
