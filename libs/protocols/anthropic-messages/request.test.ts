import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { JsonObject } from '#usage/json.js';
import type { ChatRequest, Message, Settings } from '../chat/chat-request.js';
import { InvalidBody } from '../chat/members.js';
import { anthropicMessages } from './anthropic-messages.js';
import { reading, target, withoutPlaces } from './anthropic-messages.fixture.js';

const hello = { role: 'user', content: 'Hi' };
const body = (more: JsonObject = {}): JsonObject => ({
  model: 'claude-opus-4-6',
  max_tokens: 9000,
  messages: [hello],
  ...more,
});
const read = (more?: JsonObject) => {
  const { value, losses } = reading((one) => anthropicMessages.readRequest(one.open(body(more))));
  return { request: value, losses: losses.list() };
};

const said: Message = { role: 'user', at: 'messages.0', parts: [{ kind: 'text', at: 'messages.0', text: 'Hi' }] };
const asked = (more: Partial<ChatRequest> = {}): ChatRequest => ({
  model: 'claude-opus-4-6',
  instructions: [],
  messages: [said],
  tools: [],
  settings: { maxOutputTokens: 9000 },
  ...more,
});
const write = (more?: Partial<ChatRequest>, to = target()) => ({
  body: anthropicMessages.writeRequest(asked(more), to),
  losses: to.losses.list(),
});
const withSettings = (settings: Settings, model = 'claude-opus-4-6') =>
  write({ model, settings: { maxOutputTokens: 9000, ...settings } });
const meant = ({ losses }: { losses: readonly { at: string; weight: string }[] }) =>
  losses.filter(({ weight }) => weight === 'meaning').map(({ at }) => at);

describe('a request that is read', () => {
  it('may have its content and its system prompt as strings', () => {
    const { request, losses } = read({ system: 'Be brief.' });
    expect(losses).toEqual([]);
    expect(request.instructions).toEqual([{ kind: 'text', at: 'system', text: 'Be brief.' }]);
    expect(request.messages).toEqual([
      { role: 'user', at: 'messages.0', parts: [{ kind: 'text', at: 'messages.0.content', text: 'Hi' }] },
    ]);
  });

  it('has its tool results as a message of their own, before what the user says', () => {
    const { request, losses } = read({
      messages: [
        hello,
        {
          role: 'assistant',
          content: [
            { type: 'thinking', thinking: 'Hm.', signature: 'c2ln' },
            { type: 'redacted_thinking', data: 'opaque' },
            { type: 'tool_use', id: 'toolu_1', name: 'look', input: { at: 1 }, caller: { type: 'direct' } },
          ],
        },
        {
          role: 'user',
          content: [
            { type: 'text', text: 'And?' },
            {
              type: 'tool_result',
              tool_use_id: 'toolu_1',
              is_error: true,
              content: [{ type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AAAA' } }],
              cache_control: { type: 'ephemeral', ttl: '1h' },
            },
          ],
        },
      ],
    });
    expect(losses).toEqual([]);
    expect(withoutPlaces(request.messages.slice(1))).toEqual([
      {
        role: 'assistant',
        parts: [
          { kind: 'reasoning', text: 'Hm.', signature: 'c2ln' },
          { kind: 'reasoning', text: '', redacted: 'opaque' },
          { kind: 'tool-call', id: 'toolu_1', name: 'look', arguments: '{"at":1}' },
        ],
      },
      {
        role: 'tool',
        parts: [
          {
            kind: 'tool-result',
            callId: 'toolu_1',
            isError: true,
            cache: '1h',
            parts: [{ kind: 'image', source: { from: 'bytes', mediaType: 'image/png', base64: 'AAAA' } }],
          },
        ],
      },
      { role: 'user', parts: [{ kind: 'text', text: 'And?' }] },
    ]);
  });

  it('may say something new to the model within the conversation', () => {
    const { request } = read({ messages: [{ role: 'system', content: 'A' }, hello, { role: 'system', content: 'B' }] });
    expect(request.instructions).toMatchObject([{ text: 'A' }]);
    expect(request.messages).toMatchObject([{ role: 'user' }, { role: 'system', parts: [{ text: 'B' }] }]);
  });

  it('has documents of every kind', () => {
    const document = (source: object, more = {}) => ({ type: 'document', source, ...more });
    const { request, losses } = read({
      messages: [
        {
          role: 'user',
          content: [
            document({ type: 'base64', media_type: 'application/pdf', data: 'AAAA' }, { title: 'a.pdf' }),
            document({ type: 'text', media_type: 'text/plain', data: 'Grüße' }, { citations: { enabled: false } }),
            document({ type: 'url', url: 'https://example.com/a.pdf' }),
            document({ type: 'file', file_id: 'file_1' }),
            document({ type: 'content', content: [{ type: 'text', text: 'A chunk.' }] }),
          ],
        },
      ],
    });
    expect(losses).toEqual([]);
    expect(withoutPlaces(request.messages[0]!.parts)).toEqual([
      { kind: 'file', name: 'a.pdf', source: { from: 'bytes', mediaType: 'application/pdf', base64: 'AAAA' } },
      {
        kind: 'file',
        source: { from: 'bytes', mediaType: 'text/plain', base64: Buffer.from('Grüße').toString('base64') },
      },
      { kind: 'file', source: { from: 'url', url: 'https://example.com/a.pdf', mediaType: 'application/pdf' } },
      { kind: 'file', source: { from: 'upload', id: 'file_1' } },
      { kind: 'text', text: 'A chunk.' },
    ]);
  });

  it.each<[JsonObject, string]>([
    [{ tools: [{ type: 'web_search_20250305', name: 'web_search' }] }, 'tools.0'],
    [{ mcp_servers: [{ type: 'url', url: 'https://example.com', name: 'x' }] }, 'mcp_servers.0'],
    [{ container: 'container_1' }, 'container'],
    [{ context_management: { edits: [{ type: 'compact_20260112', trigger: {} }] } }, 'context_management.edits.0'],
    [{ output_config: { effort: 'enormous' } }, 'output_config.effort'],
    [{ thinking: { type: 'between_tools' } }, 'thinking'],
    [
      { messages: [hello, { role: 'assistant', content: [{ type: 'server_tool_use', id: 's' }] }] },
      'messages.1.content.0',
    ],
    [
      { messages: [{ role: 'user', content: [{ type: 'search_result', source: 's', title: 't', content: [] }] }] },
      'messages.0.content.0.source',
    ],
    [
      {
        messages: [
          { role: 'user', content: [{ type: 'document', source: { type: 'file', file_id: 'f' }, context: 'About.' }] },
        ],
      },
      'messages.0.content.0.context',
    ],
    [{ inference_geo: 'us' }, 'inference_geo'],
  ])('tells %j as a loss', (more, at) => {
    expect(meant(read(more))).toContain(at);
  });

  it.each<[JsonObject]>([
    [{ cache_control: { type: 'ephemeral' } }],
    [{ context_management: { edits: [{ type: 'clear_thinking_20251015', keep: 'all' }] } }],
    [{ speed: 'fast', diagnostics: { previous_message_id: null }, betas: ['a'], anthropic_version: '2023-06-01' }],
    [{ tools: [{ name: 'look', input_schema: { type: 'object' }, eager_input_streaming: true }] }],
  ])('loses no meaning of %j', (more) => {
    expect(meant(read(more))).toEqual([]);
  });

  it.each<[JsonObject, string]>([
    [{ max_tokens: undefined }, 'max_tokens'],
    [{ max_tokens: 1.5 }, 'max_tokens'],
    [{ messages: undefined }, 'messages'],
    [{ messages: 'Hi' }, 'messages'],
    [{ messages: ['Hi'] }, 'messages.0'],
    [{ messages: [{ content: 'Hi' }] }, 'messages.0.role'],
    [{ messages: [{ role: 'developer', content: 'Hi' }] }, 'messages.0.role'],
    [{ messages: [{ role: 'user' }] }, 'messages.0.content'],
    [{ messages: [{ role: 'user', content: 7 }] }, 'messages.0.content'],
    [{ messages: [{ role: 'user', content: [{ text: 'Hi' }] }] }, 'messages.0.content.0.type'],
    [{ messages: [{ role: 'user', content: [{ type: 'tool_result' }] }] }, 'messages.0.content.0.tool_use_id'],
    [{ messages: [{ role: 'user', content: [{ type: 'image' }] }] }, 'messages.0.content.0.source'],
    [{ system: 7 }, 'system'],
    [{ system: [{ type: 'text', text: 'A', cache_control: { ttl: '1d' } }] }, 'system.0.cache_control.ttl'],
    [{ tools: [{ input_schema: {} }] }, 'tools.0.name'],
    [{ tools: [{ name: 'look' }] }, 'tools.0.input_schema'],
    [{ tool_choice: { type: 'some' } }, 'tool_choice.type'],
    [{ thinking: { type: 'enabled' } }, 'thinking.budget_tokens'],
  ])('names what is wrong in %j', (more, at) => {
    let thrown: unknown;
    try {
      read(more);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(InvalidBody);
    expect((thrown as InvalidBody).at).toBe(at);
  });

  it('never fails but by its own error, whatever a client sends', () => {
    const members = [
      'model',
      'max_tokens',
      'messages',
      'system',
      'tools',
      'thinking',
      'tool_choice',
      'metadata',
      'role',
      'content',
      'type',
      'source',
      'cache_control',
    ];
    const value = fc.letrec((tie) => ({
      any: fc.oneof(
        { maxDepth: 5 },
        fc.constantFrom('text', 'user', 'assistant', 'tool_result', 'document', 'content', 'enabled', 7, null, true),
        fc.array(tie('any'), { maxLength: 3 }),
        fc.dictionary(fc.constantFrom(...members), tie('any'), { maxKeys: 5 }),
      ),
    })).any;
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...members), value), (wild) => {
        try {
          reading((one) => anthropicMessages.readRequest(one.open(wild)));
        } catch (error) {
          expect(error).toBeInstanceOf(InvalidBody);
        }
      }),
    );
  });
});

describe('a request that is written', () => {
  it('has tool results first in the one turn of the user, and no empty text', () => {
    const call = { kind: 'tool-call', at: '', name: 'look', arguments: '{}' } as const;
    const result = (id: string) => ({ kind: 'tool-result', at: '', callId: id, parts: [] }) as const;
    const { body: written, losses } = write({
      messages: [
        said,
        {
          role: 'assistant',
          at: '',
          parts: [
            { kind: 'text', at: '', text: '' },
            { ...call, id: 'look:0' },
            { ...call, id: 'b' },
          ],
        },
        { role: 'tool', at: '', parts: [result('look:0')] },
        { role: 'tool', at: '', parts: [result('b')] },
        { role: 'user', at: '', parts: [{ kind: 'text', at: '', text: 'And?' }] },
        { role: 'user', at: '', parts: [{ kind: 'text', at: '', text: '' }] },
      ],
    });
    expect(losses).toEqual([]);
    expect(written['messages']).toEqual([
      { role: 'user', content: [{ type: 'text', text: 'Hi' }] },
      {
        role: 'assistant',
        content: [
          { type: 'tool_use', id: 'look_3a_0', name: 'look', input: {} },
          { type: 'tool_use', id: 'b', name: 'look', input: {} },
        ],
      },
      {
        role: 'user',
        content: [
          { type: 'tool_result', tool_use_id: 'look_3a_0' },
          { type: 'tool_result', tool_use_id: 'b' },
          { type: 'text', text: 'And?' },
        ],
      },
    ]);
  });

  it('moves a late system message to the system prompt, as a loss', () => {
    const late: Message = {
      role: 'system',
      at: 'messages.1',
      parts: [{ kind: 'text', at: '', text: 'Now in verse.' }],
    };
    const written = write({ instructions: [{ kind: 'text', at: '', text: 'Be brief.' }], messages: [said, late] });
    expect(meant(written)).toEqual(['messages.1']);
    expect(written.body['system']).toEqual([
      { type: 'text', text: 'Be brief.' },
      { type: 'text', text: 'Now in verse.' },
    ]);
  });

  it('gives the model only thoughts back that are signed', () => {
    const written = write({
      messages: [
        said,
        {
          role: 'assistant',
          at: '',
          parts: [
            { kind: 'reasoning', at: 'r', text: 'Hm.' },
            { kind: 'reasoning', at: '', text: '', signature: 'c2ln', id: 'rs_1', isSummary: true },
          ],
        },
      ],
    });
    expect(written.losses).toEqual([expect.objectContaining({ at: 'r', weight: 'hint' })]);
    expect(written.body['messages']).toMatchObject([
      {},
      { content: [{ type: 'thinking', thinking: '', signature: 'c2ln' }] },
    ]);
  });

  it.each<[string, Message['parts'][number]]>([
    ['audio', { kind: 'audio', at: 'p', source: { from: 'bytes', mediaType: 'audio/wav', base64: 'AAAA' } }],
    [
      'an image of an unusual type',
      { kind: 'image', at: 'p', source: { from: 'bytes', mediaType: 'image/tiff', base64: 'AAAA' } },
    ],
    ['an upload', { kind: 'image', at: 'p', source: { from: 'upload', id: 'file-1' } }],
    [
      'a spreadsheet',
      { kind: 'file', at: 'p', source: { from: 'bytes', mediaType: 'application/vnd.ms-excel', base64: 'AAAA' } },
    ],
    [
      'text that is not UTF-8',
      { kind: 'file', at: 'p', source: { from: 'bytes', mediaType: 'text/plain', base64: '/w==' } },
    ],
  ])('leaves out %s, as a loss', (_, part) => {
    const message = { role: 'user', at: '', parts: [part, ...said.parts] } as Message;
    const written = write({ messages: [message] });
    expect(meant(written)).toEqual(['p']);
    expect(written.body['messages']).toEqual([{ role: 'user', content: [{ type: 'text', text: 'Hi' }] }]);
  });

  it('takes any text as a plain document, and jpg for jpeg', () => {
    const source = { from: 'bytes', base64: Buffer.from('a,b').toString('base64') } as const;
    const message: Message = {
      role: 'user',
      at: '',
      parts: [
        { kind: 'file', at: 'f', name: 'a.csv', source: { ...source, mediaType: 'text/csv; charset=utf-8' } },
        { kind: 'image', at: 'i', source: { ...source, mediaType: 'image/jpg' } },
      ],
    };
    const written = write({ messages: [message] });
    expect(meant(written)).toEqual([]);
    expect(written.body['messages']).toMatchObject([
      {
        content: [
          { type: 'document', title: 'a.csv', source: { type: 'text', media_type: 'text/plain', data: 'a,b' } },
          { type: 'image', source: { media_type: 'image/jpeg' } },
        ],
      },
    ]);
  });

  it('tells broken arguments of a call as a loss', () => {
    const parts = [{ kind: 'tool-call', at: 'c', id: 'a', name: 'look', arguments: '{"a":' }] as const;
    expect(meant(write({ messages: [said, { role: 'assistant', at: '', parts }] }))).toEqual(['c.arguments']);
  });

  it.each<[Settings, string]>([
    [{ seed: 7 }, 'seed'],
    [{ frequencyPenalty: 0.5 }, 'frequency_penalty'],
    [{ presencePenalty: -1 }, 'presence_penalty'],
    [{ logprobs: { top: 0 } }, 'logprobs'],
    [{ candidates: 2 }, 'n'],
    [{ verbosity: 'low' }, 'verbosity'],
    [{ temperature: 1.3 }, 'temperature'],
    [{ stop: ['\n\n', 'END'] }, 'stop_sequences'],
    [{ output: { kind: 'json' } }, 'output_config.format'],
  ])('cannot say %j', (settings, at) => {
    expect(meant(withSettings(settings))).toEqual([at]);
  });

  it('needs no word for what goes without saying', () => {
    const usual = { frequencyPenalty: 0, presencePenalty: 0, candidates: 1, verbosity: 'medium' };
    expect(withSettings(usual).losses).toEqual([]);
  });

  it('ends temperatures at 1, and has a limit of its own where there is none', () => {
    expect(withSettings({ temperature: 2 }).body).toMatchObject({ temperature: 1 });
    const written = write({ settings: {} });
    expect(written.body).toMatchObject({ max_tokens: 8192 });
    expect(written.losses).toMatchObject([{ at: 'max_tokens', weight: 'hint' }]);
  });

  it('closes the objects of an output schema', () => {
    const schema = {
      type: 'object',
      properties: { type: { type: 'array', items: { type: 'object', properties: {} } } },
    };
    const { body: written, losses } = withSettings({
      output: { kind: 'json-schema', name: 'x', description: 'A list.', schema },
    });
    expect(losses.map(({ weight }) => weight)).toEqual(['hint', 'hint']);
    expect(written['output_config']).toEqual({
      format: {
        type: 'json_schema',
        schema: {
          description: 'A list.',
          type: 'object',
          properties: {
            type: { type: 'array', items: { type: 'object', properties: {}, additionalProperties: false } },
          },
          additionalProperties: false,
        },
      },
    });
  });

  it('speaks of tool choice only where there are tools, and of the allowed ones only', () => {
    expect(withSettings({ toolChoice: { kind: 'auto' }, parallelToolCalls: true }).losses).toMatchObject([
      { weight: 'hint' },
      { weight: 'hint' },
    ]);
    const tools = ['a', 'b', 'c'].map((name) => ({ at: '', name }));
    const toolChoice = { kind: 'allowed', names: ['a', 'c'], mode: 'required' } as const;
    const { body: written } = write({ tools, settings: { toolChoice, parallelToolCalls: false } });
    expect(written['tools']).toEqual(
      ['a', 'c'].map((name) => ({ name, input_schema: { type: 'object', properties: {} } })),
    );
    expect(written['tool_choice']).toEqual({ type: 'any', disable_parallel_tool_use: true });
  });
});

describe('thinking', () => {
  const thinking = (settings: Settings, model: string) => {
    const { body: written, losses } = withSettings(settings, model);
    return {
      thinking: written['thinking'],
      effort: (written['output_config'] as JsonObject | undefined)?.['effort'],
      told: losses.map(({ weight }) => weight),
    };
  };

  it.each([
    ['claude-3-7-sonnet-20250219', 8192],
    ['claude-sonnet-4-20250514', 8192],
    ['anthropic.claude-opus-4-5-20251101-v1:0', 8192],
    ['claude-haiku-4-5@20251001', 8192],
  ])('is a budget in %s', (model, budget_tokens) => {
    expect(thinking({ reasoning: { effort: 'medium' } }, model)).toEqual({
      thinking: { type: 'enabled', budget_tokens },
      effort: undefined,
      told: [],
    });
  });

  it.each(['claude-opus-4-6', 'claude-opus-4-7', 'claude-sonnet-5', 'anthropic/claude-fable-5.1', 'my-alias'])(
    'is an effort in %s',
    (model) => {
      expect(thinking({ reasoning: { effort: 'medium', shown: 'auto' } }, model)).toEqual({
        thinking: { type: 'adaptive', display: 'summarized' },
        effort: 'medium',
        told: [],
      });
    },
  );

  it('keeps a budget where the model may take it, and tells it as an effort where not', () => {
    const reasoning = { budgetTokens: 5000 };
    const budget = { type: 'enabled', budget_tokens: 5000 };
    expect(thinking({ reasoning }, 'claude-opus-4-6')).toMatchObject({ thinking: budget, told: [] });
    expect(thinking({ reasoning }, 'my-alias')).toMatchObject({ thinking: budget, told: [] });
    expect(thinking({ reasoning }, 'claude-opus-4-8')).toEqual({
      thinking: { type: 'adaptive' },
      effort: 'low',
      told: ['hint'],
    });
  });

  it('fits a budget between what Anthropic takes and the limit of the answer', () => {
    const model = 'claude-sonnet-4-5';
    const reasoning = { effort: 'high' } as const;
    expect(thinking({ reasoning, maxOutputTokens: 4096 }, model)).toMatchObject({
      thinking: { budget_tokens: 2048 },
      told: ['hint'],
    });
    expect(thinking({ reasoning: { budgetTokens: 10 } }, model)).toMatchObject({
      thinking: { budget_tokens: 1024 },
      told: ['hint'],
    });
    expect(thinking({ reasoning, maxOutputTokens: 500 }, model)).toMatchObject({
      thinking: undefined,
      told: ['meaning'],
    });
    expect(write({ model, settings: { reasoning } }).body).toMatchObject({
      max_tokens: 8192 + 24_576,
      thinking: { budget_tokens: 24_576 },
    });
  });

  it.each([{ effort: 'none' as const }, { budgetTokens: 0 }])('is off with %j', (reasoning) => {
    expect(thinking({ reasoning }, 'claude-sonnet-5').thinking).toEqual({ type: 'disabled' });
  });

  it.each<[JsonObject, object | undefined]>([
    [{ thinking: { type: 'adaptive' } }, { budgetTokens: -1 }],
    [
      { thinking: { type: 'adaptive', display: 'omitted' }, output_config: { effort: 'max' } },
      { effort: 'max', shown: false },
    ],
    [
      { thinking: { type: 'enabled', budget_tokens: 2000, display: 'summarized' } },
      { budgetTokens: 2000, shown: true },
    ],
    [{ thinking: { type: 'disabled' } }, { budgetTokens: 0 }],
    [{ output_config: { effort: 'low' } }, { effort: 'low' }],
    [{}, undefined],
  ])('is read from %j', (more, reasoning) => {
    expect(read(more)).toMatchObject({ losses: [] });
    expect(read(more).request.settings.reasoning).toEqual(reasoning);
  });
});
