import { describe, expect, it } from '@jest/globals';
import type { UsageApi } from '#usage/usage-api.js';
import type { JsonObject } from '#usage/json.js';
import { inputTokens } from '#usage/usage.js';
import { Asked } from './asked.js';
import { estimateUsage } from './estimate-usage.js';
import { estimateFamily } from './families.js';
import { passedText } from './passed-text.fixture.js';
import { loadTokenizer } from './tokenizers.js';

// https://cookbook.openai.com/examples/how_to_count_tokens_with_tiktoken, with what the API counted.
const cookbook = [
  {
    role: 'system',
    content: 'You are a helpful, pattern-following assistant that translates corporate jargon into plain English.',
  },
  { role: 'system', name: 'example_user', content: 'New synergies will help drive top-line growth.' },
  { role: 'system', name: 'example_assistant', content: 'Things working well together will increase revenue.' },
  {
    role: 'system',
    name: 'example_user',
    content: "Let's circle back when we have more bandwidth to touch base on opportunities for increased leverage.",
  },
  {
    role: 'system',
    name: 'example_assistant',
    content: "Let's talk later when we're less busy about how to do better.",
  },
  { role: 'user', content: "This late pivot means we don't have time to boil the ocean for the client deliverable." },
];

function asked(api: UsageApi, request: JsonObject): Asked {
  const found = new Asked('');
  estimateFamily(api)?.ask(request, found);
  return found;
}

describe('the input of a request', () => {
  it.each([
    ['gpt-4o', 124],
    ['gpt-4-0613', 129],
    ['gpt-3.5-turbo', 129],
  ])('is counted as OpenAI counts it for %s', async (model, tokens) => {
    const usage = estimateUsage({
      usage: { provider: 'openai', api: 'openai-chat', segments: [], completeness: 'missing', anomalies: [] },
      request: { messages: cookbook },
      answer: passedText(''),
      limits: {},
      tokenizer: await loadTokenizer(model),
    });
    expect(inputTokens(usage.segments[0]!)).toBe(tokens);
  });

  const schema = { type: 'object', properties: { city: { type: 'string' } } };
  it.each<[UsageApi, JsonObject, string[]]>([
    [
      'openai-chat',
      {
        messages: [
          { role: 'system', content: 'Be kind.' },
          { role: 'user', content: [{ type: 'text', text: 'Hi' }] },
          { role: 'assistant', content: null, tool_calls: [{ function: { name: 'f', arguments: '{}' } }] },
        ],
        tools: [{ type: 'function', function: { name: 'f', parameters: schema } }],
      },
      ['Be kind.', 'Hi', 'f', '{}', JSON.stringify({ name: 'f', parameters: schema })],
    ],
    [
      'openai-responses',
      {
        instructions: 'Be kind.',
        input: [
          { role: 'user', content: [{ type: 'input_text', text: 'Hi' }] },
          { type: 'function_call_output', call_id: 'c', output: 'sunny' },
        ],
      },
      ['Be kind.', 'Hi', 'sunny'],
    ],
    ['openai-completions', { prompt: ['Once', 'Twice'] }, ['Once', 'Twice']],
    [
      'anthropic-messages',
      {
        system: [{ type: 'text', text: 'Be kind.' }],
        messages: [{ role: 'user', content: [{ type: 'tool_result', content: [{ type: 'text', text: 'sunny' }] }] }],
        tools: [{ name: 'f', input_schema: schema }],
      },
      ['Be kind.', 'sunny', JSON.stringify({ name: 'f', input_schema: schema })],
    ],
    [
      'gemini',
      {
        system_instruction: { parts: [{ text: 'Be kind.' }] },
        contents: [{ parts: [{ text: 'Hi' }, { functionResponse: { name: 'f', response: {} } }] }],
      },
      ['Be kind.', 'Hi', '{"name":"f","response":{}}'],
    ],
    [
      'bedrock-converse',
      {
        system: [{ text: 'Be kind.' }, { cachePoint: { type: 'default' } }],
        messages: [{ role: 'user', content: [{ text: 'Hi' }, { toolResult: { content: [{ json: { a: 1 } }] } }] }],
      },
      ['Be kind.', 'Hi', '{"a":1}'],
    ],
    ['cohere-chat', { message: 'Hi', preamble: 'Be kind.', documents: ['sunny'] }, ['Be kind.', 'Hi', '"sunny"']],
    ['embeddings', { requests: [{ content: { parts: [{ text: 'Hi' }] } }] }, ['Hi']],
  ])('is all that the model reads of %s', (api, request, texts) => {
    const { texts: found, uncounted } = asked(api, request);
    expect(found.filter((text) => !['system', 'user', 'assistant'].includes(text))).toEqual(texts);
    expect([...uncounted]).toEqual([]);
  });

  it('names what stands for something that is not in it, and repeats nothing that an event could not carry', () => {
    const request = { previous_response_id: 'r', input: [], tools: [{ type: `web\u0000search` }] };
    expect([...asked('openai-responses', request).uncounted]).toEqual([
      'a part of a kind that is not known',
      'what previous_response_id stands for',
    ]);
  });
});
