import { describe, expect, it } from '@jest/globals';
import { InvalidBody } from '../chat/members.js';
import { reading } from './openai-chat.fixture.js';
import { readRequest } from './read-request.js';

const hi = { role: 'user', content: 'Hi' };
const read = (body: object) => reading({ model: 'm', messages: [hi], ...body }, readRequest);
const read1 = (message: object) => read({ messages: [message] }).value.messages[0];

describe('a request to OpenAI chat', () => {
  it('has its system prompt before the first turn, and system messages after it', () => {
    const { value, losses } = read({
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'developer', content: [{ type: 'text', text: 'Be kind.' }] },
        hi,
        { role: 'system', content: 'Now be long.' },
      ],
    });
    expect(value.instructions.map(({ text }) => text)).toEqual(['Be brief.', 'Be kind.']);
    expect(value.messages).toMatchObject([
      { role: 'user' },
      { role: 'system', at: 'messages.3', parts: [{ text: 'Now be long.' }] },
    ]);
    expect(losses).toEqual([]);
  });

  it('carries text, images, files and audio', () => {
    const content = [
      { type: 'text', text: 'What is this?' },
      { type: 'image_url', image_url: { url: 'data:image/png;base64,aGk=', detail: 'low' } },
      { type: 'image_url', image_url: 'https://example.com/a.png' },
      { type: 'file', file: { filename: 'a.pdf', file_data: 'data:application/pdf;base64,aGk=' } },
      { type: 'file', file: { file_id: 'file-1' } },
      { type: 'input_audio', input_audio: { data: 'aGk=', format: 'mp3' } },
    ];
    expect(read1({ role: 'user', name: 'ada', content })).toEqual({
      role: 'user',
      at: 'messages.0',
      name: 'ada',
      parts: [
        { kind: 'text', at: 'messages.0.content.0', text: 'What is this?' },
        {
          kind: 'image',
          at: 'messages.0.content.1',
          source: { from: 'bytes', mediaType: 'image/png', base64: 'aGk=' },
          detail: 'low',
        },
        { kind: 'image', at: 'messages.0.content.2', source: { from: 'url', url: 'https://example.com/a.png' } },
        {
          kind: 'file',
          at: 'messages.0.content.3',
          source: { from: 'bytes', mediaType: 'application/pdf', base64: 'aGk=' },
          name: 'a.pdf',
        },
        { kind: 'file', at: 'messages.0.content.4', source: { from: 'upload', id: 'file-1' } },
        {
          kind: 'audio',
          at: 'messages.0.content.5',
          source: { from: 'bytes', mediaType: 'audio/mpeg', base64: 'aGk=' },
        },
      ],
    });
  });

  it('gathers the results of one turn', () => {
    const { value } = read({
      messages: [
        hi,
        {
          role: 'assistant',
          content: null,
          tool_calls: [
            { id: 'a', type: 'function', function: { name: 'f', arguments: '{"x":1}' } },
            { id: 'b', type: 'function', function: { name: 'g', arguments: '' } },
          ],
        },
        { role: 'tool', tool_call_id: 'a', content: '1' },
        { role: 'tool', tool_call_id: 'b', content: [{ type: 'text', text: '2' }] },
      ],
    });
    expect(value.messages.slice(1)).toMatchObject([
      {
        role: 'assistant',
        parts: [
          { name: 'f', arguments: '{"x":1}' },
          { name: 'g', arguments: '{}' },
        ],
      },
      { role: 'tool', parts: [{ callId: 'a' }, { callId: 'b', parts: [{ text: '2' }] }] },
    ]);
  });

  it('may be of the time before there were tools', () => {
    const { value, losses } = read({
      functions: [{ name: 'f', parameters: { type: 'object' } }],
      function_call: { name: 'f' },
      messages: [
        hi,
        { role: 'assistant', content: null, function_call: { name: 'f', arguments: '{}' } },
        { role: 'function', name: 'f', content: 'done' },
      ],
    });
    expect(value.tools).toMatchObject([{ name: 'f', parameters: { type: 'object' } }]);
    expect(value.settings.toolChoice).toEqual({ kind: 'function', name: 'f' });
    expect(value.messages.slice(1)).toMatchObject([
      { parts: [{ kind: 'tool-call', id: 'call_1', name: 'f' }] },
      { parts: [{ kind: 'tool-result', callId: 'call_1' }] },
    ]);
    expect(losses).toEqual([]);
  });

  it('keeps thoughts with their signatures, and signatures of calls', () => {
    const message = read1({
      role: 'assistant',
      content: 'Yes.',
      reasoning: 'Hm. Or so.',
      reasoning_details: [
        { type: 'reasoning.text', text: 'Hm.', signature: 'sig', format: 'anthropic-claude-v1', index: 0 },
        { type: 'reasoning.encrypted', data: 'xyz', format: 'anthropic-claude-v1', index: 1 },
        { type: 'reasoning.summary', summary: 'Or so.', format: 'openai-responses-v1', index: 2 },
        { type: 'reasoning.encrypted', data: 'gAAA', id: 'rs_1', format: 'openai-responses-v1', index: 3 },
      ],
      tool_calls: [
        {
          id: 'a',
          type: 'function',
          function: { name: 'f', arguments: '{}' },
          extra_content: { google: { thought_signature: 'tsig' } },
        },
      ],
    });
    expect(message).toMatchObject({
      parts: [
        { kind: 'reasoning', text: 'Hm.', signature: 'sig' },
        { kind: 'reasoning', text: '', redacted: 'xyz' },
        { kind: 'reasoning', text: 'Or so.', isSummary: true, signature: 'gAAA', id: 'rs_1' },
        { kind: 'text', text: 'Yes.' },
        { kind: 'tool-call', signature: 'tsig' },
      ],
    });
  });

  it.each([
    [{ stop: 'END' }, { stop: ['END'] }],
    [{ stop: ['a', 'b'] }, { stop: ['a', 'b'] }],
    [{ max_tokens: 5 }, { maxOutputTokens: 5 }],
    [{ max_completion_tokens: 6 }, { maxOutputTokens: 6 }],
    [{ logprobs: true, top_logprobs: 3 }, { logprobs: { top: 3 } }],
    [{ logprobs: false, n: 1, response_format: { type: 'text' }, store: false }, {}],
    [{ response_format: { type: 'json_object' } }, { output: { kind: 'json' } }],
    [
      {
        response_format: { type: 'json_schema', json_schema: { name: 'n', schema: { type: 'object' }, strict: true } },
      },
      { output: { kind: 'json-schema', name: 'n', schema: { type: 'object' }, strict: true } },
    ],
    [{ reasoning_effort: 'xhigh' }, { reasoning: { effort: 'xhigh' } }],
    [{ reasoning: { max_tokens: 2000, exclude: true } }, { reasoning: { budgetTokens: 2000, shown: false } }],
    [{ reasoning: { enabled: false } }, { reasoning: { effort: 'none' } }],
    [{ tool_choice: 'required' }, { toolChoice: { kind: 'required' } }],
    [{ tool_choice: { type: 'function', function: { name: 'f' } } }, { toolChoice: { kind: 'function', name: 'f' } }],
    [
      {
        tool_choice: {
          type: 'allowed_tools',
          allowed_tools: { mode: 'required', tools: [{ type: 'function', function: { name: 'f' } }] },
        },
      },
      { toolChoice: { kind: 'allowed', mode: 'required', names: ['f'] } },
    ],
  ])('sets with %j', (body, settings) => {
    const { value, losses } = read(body);
    expect(value.settings).toEqual(settings);
    expect(losses).toEqual([]);
  });

  it.each([
    [{ logit_bias: { 50256: -100 } }, 'logit_bias'],
    [{ prediction: { type: 'content', content: 'x' } }, 'prediction'],
    [{ web_search_options: {} }, 'web_search_options'],
    [{ modalities: ['text', 'audio'] }, 'modalities'],
    [{ response_format: { type: 'grammar', grammar: 'x' } }, 'response_format'],
    [{ tools: [{ type: 'custom', custom: { name: 'c' } }] }, 'tools.0'],
    [{ reasoning_effort: 'heroic' }, 'reasoning_effort'],
    [{ thinking: { type: 'disabled' } }, 'thinking'],
    [
      { messages: [{ role: 'user', content: [{ type: 'video_url', video_url: { url: 'x' } }] }] },
      'messages.0.content.0',
    ],
    [{ messages: [{ role: 'assistant', content: 'x', name: 'bob' }] }, 'messages.0.name'],
    [{ messages: [{ role: 'assistant', audio: { id: 'audio_1' } }] }, 'messages.0.audio'],
  ])('loses nothing in silence: %j', (body, at) => {
    expect(read(body).losses).toMatchObject([{ at, weight: 'meaning' }]);
  });

  it.each([
    [{ prompt_cache_key: 'k' }, 'prompt_cache_key'],
    [{ safety_identifier: 'u' }, 'safety_identifier'],
    [{ store: true }, 'store'],
    [{ stream_options: { include_usage: true, include_obfuscation: false } }, 'stream_options.include_obfuscation'],
  ])('leaves out what has no effect on the answer: %j', (body, at) => {
    expect(read(body).losses).toMatchObject([{ at, weight: 'hint' }]);
  });

  it.each([
    [{ messages: undefined }, 'messages'],
    [{ messages: [{ content: 'Hi' }] }, 'messages.0.role'],
    [{ messages: [{ role: 'poet', content: 'Hi' }] }, 'messages.0.role'],
    [{ messages: [{ role: 'user' }] }, 'messages.0.content'],
    [{ messages: [{ role: 'user', content: [7] }] }, 'messages.0.content.0'],
    [{ messages: [{ role: 'user', content: [{ text: 'Hi' }] }] }, 'messages.0.content.0.type'],
    [{ messages: [{ role: 'tool', content: 'x' }] }, 'messages.0.tool_call_id'],
    [{ messages: [{ role: 'function', name: 'f', content: 'x' }] }, 'messages.0.name'],
    [
      { messages: [{ role: 'assistant', tool_calls: [{ function: { name: 'f', arguments: '{}' } }] }] },
      'messages.0.tool_calls.0.id',
    ],
    [{ messages: [{ role: 'assistant', tool_calls: [{ id: 'a' }] }] }, 'messages.0.tool_calls.0.function'],
    [
      { messages: [{ role: 'user', content: [{ type: 'file', file: { file_data: 'aGk=' } }] }] },
      'messages.0.content.0.file.file_data',
    ],
    [{ tool_choice: 'maybe' }, 'tool_choice'],
    [{ max_tokens: 5, max_completion_tokens: 6 }, 'max_tokens'],
    [{ top_logprobs: 2 }, 'top_logprobs'],
    [{ metadata: { a: 1 } }, 'metadata'],
    [{ temperature: 'hot' }, 'temperature'],
  ])('is refused by the name of what is wrong: %j', (body, at) => {
    expect(() => read(body)).toThrow(InvalidBody);
    expect(() => read(body)).toThrow(expect.objectContaining({ at }));
  });
});
