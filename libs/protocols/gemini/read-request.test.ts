import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '#usage/json.js';
import { InvalidBody } from '#protocols/chat/members.js';
import { readRequest, withoutPlaces } from '#protocols/gemini/gemini.fixture.js';

const asked = (body: JsonObject) => ({ contents: [{ role: 'user', parts: [{ text: 'Hi' }] }], ...body });
const messagesOf = (contents: unknown) => withoutPlaces(readRequest({ contents }).value.messages);

describe('a Gemini request', () => {
  it('reads the same in both spellings', () => {
    const camel = {
      systemInstruction: { parts: [{ text: 'Be brief.' }] },
      contents: [{ role: 'user', parts: [{ inlineData: { mimeType: 'image/png', data: 'AAAA' } }] }],
      generationConfig: { maxOutputTokens: 10, thinkingConfig: { thinkingBudget: 512, includeThoughts: true } },
      toolConfig: { functionCallingConfig: { mode: 'ANY', allowedFunctionNames: ['f'] } },
    };
    const snake = {
      system_instruction: { parts: [{ text: 'Be brief.' }] },
      contents: [{ role: 'user', parts: [{ inline_data: { mime_type: 'image/png', data: 'AAAA' } }] }],
      generation_config: { max_output_tokens: 10, thinking_config: { thinking_budget: 512, include_thoughts: true } },
      tool_config: { function_calling_config: { mode: 'ANY', allowed_function_names: ['f'] } },
    };
    expect(readRequest(camel).losses).toEqual([]);
    expect(readRequest(snake).losses).toEqual([]);
    expect(withoutPlaces(readRequest(snake).value)).toEqual(withoutPlaces(readRequest(camel).value));
  });

  it('takes an object for a list of one, and a content without a role for the user’s', () => {
    expect(messagesOf({ parts: { text: 'Hi' } })).toEqual([{ role: 'user', parts: [{ kind: 'text', text: 'Hi' }] }]);
  });

  it('tells image, sound, document, upload and address apart', () => {
    const upload = 'https://generativelanguage.googleapis.com/v1beta/files/abc-123';
    const parts = [
      { inlineData: { mimeType: 'audio/wav', data: 'AAAA' } },
      { inlineData: { mimeType: 'application/pdf', data: 'AAAA', displayName: 'a.pdf' } },
      { fileData: { mimeType: 'image/jpeg', fileUri: upload } },
      { fileData: { fileUri: 'gs://bucket/a.png' } },
      { fileData: { mimeType: 'video/mp4', fileUri: 'https://youtu.be/x' } },
    ];
    expect(messagesOf([{ role: 'user', parts }])[0]!.parts).toEqual([
      { kind: 'audio', source: { from: 'bytes', mediaType: 'audio/wav', base64: 'AAAA' } },
      { kind: 'file', source: { from: 'bytes', mediaType: 'application/pdf', base64: 'AAAA' }, name: 'a.pdf' },
      { kind: 'image', source: { from: 'upload', id: upload, mediaType: 'image/jpeg' } },
      { kind: 'image', source: { from: 'url', url: 'gs://bucket/a.png' } },
      { kind: 'file', source: { from: 'url', url: 'https://youtu.be/x', mediaType: 'video/mp4' } },
    ]);
  });

  it('matches results to calls by id, else by name and order', () => {
    const call = (name: string, id?: string) => ({ functionCall: { name, args: {}, ...(id && { id }) } });
    const result = (name: string, output: string, id?: string) => ({
      functionResponse: { name, response: { output }, ...(id && { id }) },
    });
    const messages = messagesOf([
      { role: 'user', parts: [{ text: 'Go' }] },
      { role: 'model', parts: [call('f'), call('g', 'mine'), call('f')] },
      { role: 'function', parts: [result('g', 'g', 'mine'), result('f', 'first'), result('f', 'second')] },
    ]);
    expect(messages[2]).toMatchObject({
      role: 'tool',
      parts: [
        { callId: 'mine', parts: [{ text: 'g' }] },
        { callId: 'call_0', parts: [{ text: 'first' }] },
        { callId: 'call_2', parts: [{ text: 'second' }] },
      ],
    });
  });

  it('joins the pieces of a streamed answer that a client sends back, signature and all', () => {
    const messages = messagesOf([
      { role: 'user', parts: [{ text: 'Capital?' }] },
      { role: 'model', parts: [{ text: 'Let me think.', thought: true }] },
      { role: 'model', parts: [{ text: 'Paris.' }] },
      { role: 'model', parts: [{ text: '', thoughtSignature: 'c2ln' }] },
      { role: 'model', parts: [{ text: '' }] },
    ]);
    expect(messages[1]).toEqual({
      role: 'assistant',
      parts: [
        { kind: 'reasoning', text: 'Let me think.' },
        { kind: 'text', text: 'Paris.', signature: 'c2ln' },
      ],
    });
  });

  it('keeps what a user says beside the results of tools', () => {
    const messages = messagesOf([
      { role: 'model', parts: [{ functionCall: { name: 'f' }, thoughtSignature: 'c2ln' }] },
      { role: 'user', parts: [{ functionResponse: { name: 'f', response: { a: 1 } } }, { text: 'And now?' }] },
    ]);
    expect(messages).toEqual([
      {
        role: 'assistant',
        parts: [{ kind: 'tool-call', id: 'call_0', name: 'f', arguments: '{}', signature: 'c2ln' }],
      },
      { role: 'tool', parts: [{ kind: 'tool-result', callId: 'call_0', parts: [{ kind: 'text', text: '{"a":1}' }] }] },
      { role: 'user', parts: [{ kind: 'text', text: 'And now?' }] },
    ]);
  });

  it('reads every setting', () => {
    const generationConfig = {
      maxOutputTokens: 5,
      temperature: 0,
      topP: 0.5,
      topK: 3,
      stopSequences: ['.'],
      seed: 7,
      frequencyPenalty: 1,
      presencePenalty: -1,
      responseLogprobs: true,
      logprobs: 2,
      candidateCount: 2,
      responseMimeType: 'application/json',
      responseSchema: { type: 'OBJECT', properties: { a: { type: 'STRING', nullable: true } } },
      thinkingConfig: { thinkingLevel: 'HIGH' },
      responseModalities: ['TEXT'],
    };
    const { value, losses } = readRequest(asked({ generationConfig, serviceTier: 'flex' }));
    expect(losses).toEqual([]);
    expect(value.settings).toEqual({
      maxOutputTokens: 5,
      temperature: 0,
      topP: 0.5,
      topK: 3,
      stop: ['.'],
      seed: 7,
      frequencyPenalty: 1,
      presencePenalty: -1,
      logprobs: { top: 2 },
      candidates: 2,
      output: { kind: 'json-schema', schema: { type: 'object', properties: { a: { type: ['string', 'null'] } } } },
      reasoning: { effort: 'high' },
      serviceTier: 'flex',
    });
  });

  it.each([
    [{ mode: 'AUTO' }, { kind: 'auto' }],
    [{ mode: 'NONE' }, { kind: 'none' }],
    [{ mode: 'ANY' }, { kind: 'required' }],
    [
      { mode: 'ANY', allowedFunctionNames: ['f'] },
      { kind: 'function', name: 'f' },
    ],
    [
      { mode: 'ANY', allowedFunctionNames: ['f', 'g'] },
      { kind: 'allowed', names: ['f', 'g'], mode: 'required' },
    ],
    [
      { mode: 'VALIDATED', allowedFunctionNames: ['f'] },
      { kind: 'allowed', names: ['f'], mode: 'auto' },
    ],
  ])('reads the choice of tools %j', (functionCallingConfig, toolChoice) => {
    const { value } = readRequest(asked({ toolConfig: { functionCallingConfig } }));
    expect(value.settings.toolChoice).toEqual(toolChoice);
  });

  it('takes the mode VALIDATED for strict functions', () => {
    const tools = [{ functionDeclarations: [{ name: 'f', parameters: { type: 'OBJECT' } }] }];
    const body = asked({ tools, toolConfig: { functionCallingConfig: { mode: 'VALIDATED' } } });
    expect(withoutPlaces(readRequest(body).value.tools)).toEqual([
      { name: 'f', parameters: { type: 'object' }, strict: true },
    ]);
  });

  it.each([
    [
      { safetySettings: [{ category: 'HARM_CATEGORY_HARASSMENT', threshold: 'BLOCK_LOW_AND_ABOVE' }] },
      'safetySettings.0',
      'meaning',
    ],
    [
      { safetySettings: [{ category: 'HARM_CATEGORY_HARASSMENT', threshold: 'BLOCK_NONE' }] },
      'safetySettings.0',
      'hint',
    ],
    [{ generationConfig: { topK: 64 } }, 'generationConfig.topK', 'hint'],
    [{ cachedContent: 'cachedContents/x' }, 'cachedContent', 'meaning'],
    [{ tools: [{ googleSearch: {} }] }, 'tools.0.googleSearch', 'meaning'],
    [{ tools: [{ codeExecution: {} }] }, 'tools.0.codeExecution', 'meaning'],
    [{ tools: { url_context: {} } }, 'tools.url_context', 'meaning'],
    [{ labels: { team: 'a' } }, 'labels', 'hint'],
    [{ generationConfig: { responseModalities: ['TEXT', 'IMAGE'] } }, 'generationConfig.responseModalities', 'meaning'],
    [{ generationConfig: { speechConfig: {} } }, 'generationConfig.speechConfig', 'meaning'],
    [{ generationConfig: { logprobs: 3 } }, 'generationConfig.logprobs', 'meaning'],
    [
      {
        contents: [
          { parts: [{ fileData: { mimeType: 'video/mp4', fileUri: 'gs://a/b' }, videoMetadata: { fps: 2 } }] },
        ],
      },
      'contents.0.parts.0.videoMetadata',
      'meaning',
    ],
    [
      { contents: [{ role: 'model', parts: [{ executableCode: { language: 'PYTHON', code: '1' } }] }] },
      'contents.0.parts.0',
      'meaning',
    ],
  ])('tells %j as a loss', (body, at, weight) => {
    expect(readRequest(asked(body)).losses).toEqual([expect.objectContaining({ at, weight })]);
  });

  it.each([
    [{ contents: [] }, 'contents'],
    [{ contents: 'Hi' }, 'contents'],
    [{ contents: [{ role: 'system', parts: [{ text: 'x' }] }] }, 'contents.0.role'],
    [{ contents: [{ parts: [{ text: 7 }] }] }, 'contents.0.parts.0.text'],
    [{ contents: [{ parts: ['Hi'] }] }, 'contents.0.parts.0'],
    [{ contents: [{ parts: [{ inlineData: { data: 'AAAA' } }] }] }, 'contents.0.parts.0.inlineData.mimeType'],
    [{ contents: [{ parts: [{ functionCall: { name: 'f' } }] }] }, 'contents.0.parts.0'],
    [{ contents: [{ role: 'model', parts: [{ functionCall: {} }] }] }, 'contents.0.parts.0.functionCall.name'],
    [
      { contents: [{ parts: [{ functionResponse: { name: 'f', response: {} } }] }] },
      'contents.0.parts.0.functionResponse.name',
    ],
    [
      { systemInstruction: { parts: [{ inlineData: { mimeType: 'image/png', data: '' } }] } },
      'systemInstruction.parts.0',
    ],
    [{ toolConfig: { functionCallingConfig: { mode: 'SOME' } } }, 'toolConfig.functionCallingConfig.mode'],
    [{ generationConfig: { maxOutputTokens: '5' } }, 'generationConfig.maxOutputTokens'],
    [
      { generationConfig: { thinkingConfig: { thinkingLevel: 'EXTREME' } } },
      'generationConfig.thinkingConfig.thinkingLevel',
    ],
  ])('refuses %j by the place of the mistake', (body, at) => {
    const read = () => readRequest(asked(body));
    expect(read).toThrow(InvalidBody);
    expect(read).toThrow(expect.objectContaining({ at }));
  });
});
