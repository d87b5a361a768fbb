import { describe, expect, it } from '@jest/globals';
import type { ChatRequest, Message } from '../chat/chat-request.js';
import { target } from './openai-chat.fixture.js';
import { writeRequest } from './write-request.js';

const at = 'contents.0';
const user: Message = { role: 'user', at, parts: [{ kind: 'text', at, text: 'Hi' }] };

function write(request: Partial<ChatRequest>) {
  const to = target();
  const body = writeRequest({ instructions: [], messages: [user], tools: [], settings: {}, ...request }, to);
  return { body, losses: to.losses.list() };
}

describe('a request that becomes one to OpenAI chat', () => {
  it('names a model, and asks a stream for its usage', () => {
    expect(write({ stream: true }).body).toEqual({
      model: 'a-model',
      messages: [{ role: 'user', content: 'Hi' }],
      stream: true,
      stream_options: { include_usage: true },
    });
  });

  it('names a file that has no name: OpenAI refuses it otherwise', () => {
    const source = { from: 'bytes', mediaType: 'application/pdf', base64: 'aGk=' } as const;
    const { body } = write({ messages: [{ role: 'user', at, parts: [{ kind: 'file', at, source }] }] });
    expect(body).toMatchObject({ messages: [{ content: [{ file: { filename: 'document.pdf' } }] }] });
  });

  it('tells a thinking budget as an effort', () => {
    const { body, losses } = write({ settings: { reasoning: { budgetTokens: 10_000 } } });
    expect(body).toMatchObject({ reasoning_effort: 'medium' });
    expect(losses).toMatchObject([{ at: 'reasoning_effort', weight: 'hint' }]);
  });

  it.each<[string, Partial<ChatRequest>, 'meaning' | 'hint']>([
    ['a limit to the most likely tokens', { settings: { topK: 5 } }, 'meaning'],
    ['an uploaded image', spoken({ kind: 'image', at, source: { from: 'upload', id: 'x' } }), 'meaning'],
    ['the URL of a file', spoken({ kind: 'file', at, source: { from: 'url', url: 'https://a.b' } }), 'meaning'],
    [
      'audio but WAV and MP3',
      spoken({ kind: 'audio', at, source: { from: 'bytes', mediaType: 'audio/ogg', base64: '' } }),
      'meaning',
    ],
    ['an image in a past turn', said({ kind: 'image', at, source: { from: 'url', url: 'https://a.b' } }), 'meaning'],
    [
      'an image as the result of a tool',
      resulted({ parts: [{ kind: 'image', at, source: { from: 'url', url: 'https://a.b' } }] }),
      'meaning',
    ],
    ['that a call failed', resulted({ parts: [], isError: true }), 'hint'],
    ['a mark where to cache', spoken({ kind: 'text', at, text: 'Hi', cache: '5m' }), 'hint'],
    [
      'the citations of a past turn',
      said({ kind: 'text', at, text: 'Hi', citations: [{ url: 'https://a.b' }] }),
      'hint',
    ],
    [
      'the order of text after a call',
      said({ kind: 'tool-call', at, id: 'a', name: 'f', arguments: '{}' }, { kind: 'text', at, text: 'Hi' }),
      'hint',
    ],
  ])('does not lose %s in silence', (_, request, weight) => {
    expect(write(request).losses).toMatchObject([{ weight }]);
  });
});

function spoken(part: (Message & { role: 'user' })['parts'][number]): Partial<ChatRequest> {
  return { messages: [{ role: 'user', at, parts: [part] }] };
}

function said(...parts: (Message & { role: 'assistant' })['parts']): Partial<ChatRequest> {
  return { messages: [{ role: 'assistant', at, parts }] };
}

function resulted(
  result: Pick<(Message & { role: 'tool' })['parts'][number], 'parts' | 'isError'>,
): Partial<ChatRequest> {
  return { messages: [{ role: 'tool', at, parts: [{ kind: 'tool-result', at, callId: 'a', ...result }] }] };
}
