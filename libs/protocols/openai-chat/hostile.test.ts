import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { InvalidBody, type Members } from '../chat/members.js';
import { reading, readStream } from './openai-chat.fixture.js';
import { readAnswer } from './read-answer.js';
import { readRequest } from './read-request.js';

const request = {
  model: 'm',
  messages: [
    { role: 'system', content: 'x' },
    {
      role: 'user',
      content: [
        { type: 'text', text: 'x', cache_control: { type: 'ephemeral' } },
        { type: 'image_url', image_url: { url: 'data:image/png;base64,aGk=' } },
        { type: 'file', file: { file_id: 'f' } },
        { type: 'input_audio', input_audio: { data: '', format: 'wav' } },
      ],
    },
    {
      role: 'assistant',
      content: 'x',
      reasoning_details: [{ type: 'reasoning.text', text: 'x' }],
      tool_calls: [
        { id: 'a', type: 'function', function: { name: 'f', arguments: '{}' }, extra_content: { google: {} } },
      ],
    },
    { role: 'tool', tool_call_id: 'a', content: 'x' },
    { role: 'function', name: 'f', content: 'x' },
  ],
  tools: [{ type: 'function', function: { name: 'f', parameters: {} } }],
  tool_choice: {
    type: 'allowed_tools',
    allowed_tools: { mode: 'auto', tools: [{ type: 'function', function: { name: 'f' } }] },
  },
  response_format: { type: 'json_schema', json_schema: { name: 'n', schema: {} } },
  stop: ['x'],
  metadata: { a: 'b' },
  reasoning: { effort: 'low' },
  stream_options: { include_usage: true },
};

const choice = {
  index: 0,
  finish_reason: 'stop',
  logprobs: { content: [{ token: 'x', logprob: -1, bytes: [1], top_logprobs: [] }] },
};
const said = {
  role: 'assistant',
  content: [{ type: 'thinking', thinking: [{ type: 'text', text: 'x' }] }],
  refusal: 'x',
  annotations: [{ type: 'url_citation', url_citation: { url: 'x' } }],
  images: [{ type: 'image_url', image_url: { url: 'x' } }],
  audio: { transcript: 'x' },
  reasoning_details: [{ type: 'reasoning.encrypted', data: 'x' }],
  tool_calls: [{ index: 0, id: 'a', function: { name: 'f', arguments: '{}' } }],
  function_call: { name: 'f', arguments: '' },
};
const answer = {
  id: 'a',
  model: 'm',
  created: 1,
  choices: [{ ...choice, message: said }],
  citations: ['x'],
  search_results: [{ url: 'x' }],
};

/** The body with one value, anywhere in it, replaced by something else. */
function damaged(body: object): fc.Arbitrary<object> {
  const paths = pathsIn(body);
  return fc.tuple(fc.constantFrom(...paths), fc.jsonValue({ maxDepth: 2 })).map(([path, value]) => {
    const copy = structuredClone(body);
    const holder = path.slice(0, -1).reduce((at, name) => at[name] as Holder, copy as Holder);
    holder[path.at(-1)!] = value;
    return copy;
  });
}

type Holder = Record<string, unknown>;

function pathsIn(value: unknown): string[][] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, member]) => [[name], ...pathsIn(member).map((path) => [name, ...path])]);
}

function complains(read: () => unknown): void {
  try {
    read();
  } catch (error) {
    expect(error).toBeInstanceOf(InvalidBody);
  }
}

describe('a body that breaks the protocol anywhere', () => {
  const reads = (read: (members: Members) => unknown) => (body: object) => complains(() => reading(body, read));

  it('is a request that is refused by name, or read', () => {
    fc.assert(fc.property(damaged(request), reads(readRequest)), { numRuns: 500 });
  });

  it('is an answer that cannot be read, or read', () => {
    fc.assert(fc.property(damaged(answer), reads(readAnswer)), { numRuns: 500 });
  });

  it('is a stream that cannot be read, or read', () => {
    const chunks = { id: 'a', model: 'm', created: 1, choices: [{ ...choice, delta: said }] };
    fc.assert(
      fc.property(damaged(chunks), (chunk) => complains(() => readStream([chunks, chunk, '[DONE]']))),
      { numRuns: 500 },
    );
  });
});
