import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '#usage/json.js';
import { chatApis, type ChatApi } from '#protocols/chat/chat-api.js';
import { type Conversion, convertRequest, type ConvertedRequest } from '#protocols/convert.js';
import { Refusal } from '#protocols/error-body.js';

function convert(from: ChatApi, to: ChatApi, body: JsonObject, more: Partial<Conversion> = {}): ConvertedRequest {
  const conversion = { from, to, model: 'a-model', id: 'an-id', now: 1_790_000_000, ...more };
  const converted = convertRequest(body, conversion);
  if (converted instanceof Refusal) throw new Error(`${from} to ${to}: ${converted.message}`);
  return converted;
}

const parameters = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] };
const chatTool = { type: 'function', function: { name: 'weather', parameters } };
const hello = { role: 'user', content: 'Hello.' };

/** What clients send of their own accord, and what no target may refuse: defaults and hints. */
const everyday: readonly (readonly [client: string, api: ChatApi, body: JsonObject])[] = [
  [
    'a LangChain-like client',
    'openai-chat',
    {
      model: 'm',
      messages: [{ role: 'system', content: 'Be brief.' }, hello],
      temperature: 0.7,
      n: 1,
      stream: true,
      stream_options: { include_usage: true },
      frequency_penalty: 0,
      presence_penalty: 0,
      logit_bias: {},
      response_format: { type: 'text' },
      user: 'u',
      tools: [chatTool],
      tool_choice: 'auto',
    },
  ],
  [
    'a Codex-like agent',
    'openai-responses',
    {
      model: 'm',
      instructions: 'You are a coding agent.',
      input: [
        { type: 'message', role: 'developer', content: [{ type: 'input_text', text: 'Sandboxed.' }] },
        { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'List files.' }] },
        { type: 'reasoning', summary: [], content: null, encrypted_content: 'c2VjcmV0' },
        { type: 'function_call', name: 'shell', arguments: '{"command":["ls"]}', call_id: 'call_1' },
        { type: 'function_call_output', call_id: 'call_1', output: 'a.txt' },
      ],
      tools: [{ type: 'function', name: 'shell', description: 'Runs.', strict: false, parameters }],
      tool_choice: 'auto',
      parallel_tool_calls: true,
      reasoning: { effort: 'medium', summary: 'auto' },
      store: false,
      stream: true,
      include: ['reasoning.encrypted_content'],
      prompt_cache_key: 'k',
      text: { verbosity: 'medium' },
      client_metadata: { session: 's' },
    },
  ],
  [
    'a Claude-Code-like agent',
    'anthropic-messages',
    {
      model: 'm',
      max_tokens: 32_000,
      temperature: 1,
      stream: true,
      system: [{ type: 'text', text: 'You are a coding agent.', cache_control: { type: 'ephemeral', ttl: '1h' } }],
      messages: [
        { role: 'user', content: [{ type: 'text', text: 'List files.', cache_control: { type: 'ephemeral' } }] },
        { role: 'assistant', content: [{ type: 'tool_use', id: 'toolu_1', name: 'Bash', input: { city: 'ls' } }] },
        {
          role: 'user',
          content: [{ type: 'tool_result', tool_use_id: 'toolu_1', content: 'No.', is_error: true }],
        },
      ],
      tools: [
        { name: 'Bash', input_schema: parameters, defer_loading: false, allowed_callers: ['direct'] },
        { name: 'Read', description: 'Reads.', input_schema: parameters, cache_control: { type: 'ephemeral' } },
      ],
      metadata: { user_id: 'user_1' },
      thinking: { type: 'enabled', budget_tokens: 31_999 },
      context_management: { edits: [{ type: 'clear_thinking_20251015', keep: 'all' }] },
      anthropic_beta: ['interleaved-thinking-2025-05-14'],
      service_tier: 'auto',
    },
  ],
  [
    'a Gemini-CLI-like agent',
    'gemini',
    {
      contents: [{ role: 'user', parts: [{ text: 'Hello.' }] }],
      systemInstruction: { role: 'user', parts: [{ text: 'You are an agent.' }] },
      tools: [{ functionDeclarations: [{ name: 'weather', parametersJsonSchema: parameters }] }],
      generationConfig: {
        temperature: 1,
        topP: 0.95,
        topK: 64,
        frequencyPenalty: 0,
        candidateCount: 1,
        thinkingConfig: { includeThoughts: true, thinkingBudget: 8192 },
      },
      safetySettings: [{ category: 'HARM_CATEGORY_HARASSMENT', threshold: 'OFF' }],
    },
  ],
];

describe('an everyday request', () => {
  it.each(everyday)('of %s is refused by no target', (_, from, body) => {
    for (const to of chatApis) convert(from, to, body);
  });
});

describe('a choice of tools where there are none', () => {
  const body = { input: 'Hello.', tools: [], tool_choice: 'none', parallel_tool_calls: true };

  it.each(chatApis.filter((to) => to !== 'openai-responses'))('is not told to %s, which refuses it', (to) => {
    const { body: written, losses } = convert('openai-responses', to, body);
    expect(Object.keys(written)).not.toContain('toolConfig');
    expect(Object.keys(written)).not.toContain('tool_choice');
    expect(Object.keys(written)).not.toContain('parallel_tool_calls');
    expect(losses.map(({ at }) => at)).toEqual(expect.arrayContaining(['tool_choice', 'parallel_tool_calls']));
  });
});

describe('a request to Claude', () => {
  const toClaude = (model: string, more: JsonObject, allowsLosses = false) =>
    convert('openai-chat', 'anthropic-messages', { model, messages: [hello], ...more }, { allowsLosses });

  it('that goes on after calls without their thought does not think', () => {
    const calls = [{ id: 'call_1', type: 'function', function: { name: 'weather', arguments: '{"city":"Bern"}' } }];
    const messages = [
      hello,
      { role: 'assistant', content: null, tool_calls: calls },
      { role: 'tool', tool_call_id: 'call_1', content: 'Rain.' },
    ];
    const { body, losses } = toClaude('claude-sonnet-4-5', { messages, tools: [chatTool], reasoning_effort: 'low' });
    expect(body['thinking']).toBeUndefined();
    expect(losses).toContainEqual(expect.objectContaining({ at: 'reasoning_effort', weight: 'hint' }));
  });

  it('that must call does not think before', () => {
    const { body } = toClaude('claude-sonnet-4-5', {
      tools: [chatTool],
      tool_choice: 'required',
      reasoning_effort: 'low',
    });
    expect(body).toMatchObject({ tool_choice: { type: 'any' } });
    expect(body['thinking']).toBeUndefined();
  });

  it.each([
    ['claude-opus-4-7', { temperature: 0.2 }, ['temperature'], {}],
    ['claude-opus-4-7', { temperature: 1, top_p: 1 }, [], {}],
    ['claude-sonnet-4-5', { temperature: 0.2, top_p: 0.9 }, ['top_p'], { temperature: 0.2 }],
    ['claude-sonnet-4-5', { temperature: 1, top_p: 0.9 }, [], { top_p: 0.9 }],
    ['claude-sonnet-4-5', { temperature: 0.2, reasoning_effort: 'low' }, ['temperature'], {}],
    ['claude-3-5-sonnet-20241022', { temperature: 0.2, top_p: 0.9 }, [], { temperature: 0.2, top_p: 0.9 }],
  ] as const)('for %s of %j loses %j', (model, asked, lost, kept) => {
    const { body, losses } = toClaude(model, asked, true);
    expect(losses.filter(({ weight }) => weight === 'meaning').map(({ at }) => at)).toEqual(lost);
    const { temperature, top_p } = body;
    expect(JSON.parse(JSON.stringify({ temperature, top_p }))).toEqual(kept);
  });
});

it("the beta's name of an answer's schema is read", () => {
  const output_format = {
    type: 'json_schema',
    schema: { type: 'object', properties: {}, additionalProperties: false },
  };
  const { body } = convert('anthropic-messages', 'openai-chat', { max_tokens: 9, messages: [hello], output_format });
  expect(body).toMatchObject({ response_format: { type: 'json_schema' } });
});
