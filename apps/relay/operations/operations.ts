import type { ChatApi } from '#protocols/chat/chat-api.js';
import type { UsageApi } from '#usage/usage-api.js';

/** One thing that a client can ask for: an endpoint of a protocol. */
export interface Operation {
  /** How rules and recordings call it. */
  readonly name: OperationName;
  readonly method: 'GET' | 'POST';
  /** Below the version, as its provider documents it. `{model}` is the model's name. */
  readonly path: string;
  /** Whose words the client understands, where it is refused. */
  readonly protocol: ChatApi;
  /** The API that a channel has to serve for it. */
  readonly api: UsageApi;
  /** Who reads its usage out of the answer. Default: that of `api`. */
  readonly usageApi?: UsageApi;
  /** Absent where all that is asked stands in the path. */
  readonly body?: 'json' | 'multipart' | 'either';
  /** Where the request says that it wants a stream: `member` of its body, `always` by its path. Absent: nowhere. */
  readonly stream?: 'member' | 'always';
  /** A channel that does not serve `api` may serve it in another chat API, converted. */
  readonly converts?: true;
  /** Its provider charges nothing for it, whatever the answer says. */
  readonly free?: true;
  /** The relay answers it itself: no upstream is called, and nothing is recorded. */
  readonly local?: true;
}

export type OperationName =
  | 'chat.completions'
  | 'responses'
  | 'completions'
  | 'embeddings'
  | 'images.generations'
  | 'images.edits'
  | 'images.variations'
  | 'audio.speech'
  | 'audio.transcriptions'
  | 'audio.translations'
  | 'moderations'
  | 'rerank'
  | 'models.list'
  | 'models.get'
  | 'messages'
  | 'messages.count_tokens'
  | 'generateContent'
  | 'streamGenerateContent'
  | 'embedContent'
  | 'batchEmbedContents'
  | 'countTokens';

const openai = { method: 'POST', protocol: 'openai-chat', body: 'json' } as const;
const anthropic = { method: 'POST', protocol: 'anthropic-messages', api: 'anthropic-messages', body: 'json' } as const;
const gemini = { method: 'POST', protocol: 'gemini', api: 'gemini', body: 'json' } as const;
const local = { method: 'GET', protocol: 'openai-chat', api: 'openai-chat', local: true } as const;

/**
 * All that the relay serves; what is not here is refused. Free are, by their providers' price lists, OpenAI's moderations
 * and the counting of tokens at Anthropic and Google.
 * https://platform.openai.com/docs/guides/moderation https://platform.claude.com/docs/en/build-with-claude/token-counting
 * https://ai.google.dev/gemini-api/docs/tokens
 */
export const operations: readonly Operation[] = [
  {
    ...openai,
    name: 'chat.completions',
    path: '/chat/completions',
    api: 'openai-chat',
    stream: 'member',
    converts: true,
  },
  {
    ...openai,
    name: 'responses',
    path: '/responses',
    protocol: 'openai-responses',
    api: 'openai-responses',
    stream: 'member',
    converts: true,
  },
  { ...openai, name: 'completions', path: '/completions', api: 'openai-completions', stream: 'member' },
  { ...openai, name: 'embeddings', path: '/embeddings', api: 'embeddings' },
  { ...openai, name: 'images.generations', path: '/images/generations', api: 'images', stream: 'member' },
  { ...openai, name: 'images.edits', path: '/images/edits', api: 'images', body: 'either', stream: 'member' },
  { ...openai, name: 'images.variations', path: '/images/variations', api: 'images', body: 'multipart' },
  { ...openai, name: 'audio.speech', path: '/audio/speech', api: 'audio' },
  {
    ...openai,
    name: 'audio.transcriptions',
    path: '/audio/transcriptions',
    api: 'audio',
    body: 'multipart',
    stream: 'member',
  },
  { ...openai, name: 'audio.translations', path: '/audio/translations', api: 'audio', body: 'multipart' },
  { ...openai, name: 'moderations', path: '/moderations', api: 'openai-chat', free: true },
  { ...openai, name: 'rerank', path: '/rerank', api: 'rerank' },
  { ...anthropic, name: 'messages', path: '/messages', stream: 'member', converts: true },
  { ...anthropic, name: 'messages.count_tokens', path: '/messages/count_tokens', free: true },
  { ...gemini, name: 'generateContent', path: '/models/{model}:generateContent', converts: true },
  {
    ...gemini,
    name: 'streamGenerateContent',
    path: '/models/{model}:streamGenerateContent',
    stream: 'always',
    converts: true,
  },
  { ...gemini, name: 'embedContent', path: '/models/{model}:embedContent', usageApi: 'embeddings' },
  { ...gemini, name: 'batchEmbedContents', path: '/models/{model}:batchEmbedContents', usageApi: 'embeddings' },
  { ...gemini, name: 'countTokens', path: '/models/{model}:countTokens', free: true },
  { ...local, name: 'models.list', path: '/models' },
  { ...local, name: 'models.get', path: '/models/{model}' },
];
